using System;
using System.Buffers.Binary;
using System.IO;
using System.Linq;
using AttnDsl.Conformance.Tests.Weights;
using AttnDsl.LibTorch;

namespace AttnDsl.Conformance.Tests.LibTorch;

/// <summary>The one change that lets TorchSharp's bridge load on an older C++ library, on made-up files.</summary>
public sealed class WeakVersionTests
{
    private const string Version = "GLIBCXX_3.4.32";

    private static TinyElf Library => new TinyElf()
        .Needs("libc.so.6", ("GLIBC_2.14", 0), ("GLIBC_2.34", 0))
        .Needs("libstdc++.so.6", ("GLIBCXX_3.4", 0), (Version, 0), ("CXXABI_1.3", 0));

    [Fact]
    public void One_byte_of_the_named_version_changes()
    {
        byte[] before = Library.Build(), after = [.. before];

        Assert.Equal((WeakVersion.Outcome.Marked, ""), WeakVersion.Mark(after, Version));

        int changed = Assert.Single(Enumerable.Range(0, before.Length), i => before[i] != after[i]);
        // The second version of the second library, its flags.
        Assert.Equal(TinyElf.NeedsAt + (16 + 2 * 16) + 16 + 16 + 4, changed);
        Assert.Equal(2, after[changed]);
    }

    [Fact]
    public void A_second_time_changes_nothing()
    {
        byte[] once = Library.Build();
        WeakVersion.Mark(once, Version);
        byte[] twice = [.. once];

        Assert.Equal((WeakVersion.Outcome.AlreadyWeak, ""), WeakVersion.Mark(twice, Version));
        Assert.Equal(once, twice);
    }

    [Fact]
    public void Other_flags_stay()
    {
        byte[] elf = new TinyElf().Needs("libstdc++.so.6", (Version, 0x8001)).Build();

        WeakVersion.Mark(elf, Version);

        Assert.Equal(0x8003, BinaryPrimitives.ReadUInt16LittleEndian(elf.AsSpan(TinyElf.NeedsAt + 16 + 4)));
    }

    [Theory]
    [InlineData("GLIBCXX_3.4.3")]
    [InlineData("GLIBCXX_3.4.322")]
    [InlineData("XX")]
    public void A_version_that_is_not_needed_is_absent(string version)
    {
        byte[] before = Library.Build(), after = [.. before];

        Assert.Equal((WeakVersion.Outcome.Absent, ""), WeakVersion.Mark(after, version));
        Assert.Equal(before, after);
    }

    [Fact]
    public void A_library_without_sections_needs_nothing()
    {
        byte[] elf = Library.Build();
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(60), 0);

        Assert.Equal(WeakVersion.Outcome.Absent, WeakVersion.Mark(elf, Version).Outcome);
    }

    [Fact]
    public void What_is_no_ELF_file_is_said_to_be_none()
    {
        Refused("", "not an ELF file");
        Refused("MZ, a program of another system", "not an ELF file");
        Refused("\u007fELF", "not an ELF file");

        static void Refused(string text, string reason) =>
            Assert.Equal((WeakVersion.Outcome.Unreadable, reason), WeakVersion.Mark(System.Text.Encoding.UTF8.GetBytes(text), Version));
    }

    [Fact]
    public void Another_class_or_byte_order_is_named()
    {
        byte[] narrow = Library.Build(), big = Library.Build();
        narrow[4] = 1;
        big[5] = 2;

        Assert.Equal((WeakVersion.Outcome.Unreadable, "expected a 64-bit ELF file (class 2), actual class 1"), WeakVersion.Mark(narrow, Version));
        Assert.Equal((WeakVersion.Outcome.Unreadable, "expected a little-endian ELF file (data 1), actual data 2"), WeakVersion.Mark(big, Version));
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused_and_not_changed()
    {
        byte[] whole = Library.Build();
        for (int length = 0; length < whole.Length; length++)
        {
            byte[] before = whole[..length], after = [.. before];
            (WeakVersion.Outcome outcome, string reason) = WeakVersion.Mark(after, Version);

            Assert.Equal(WeakVersion.Outcome.Unreadable, outcome);
            Assert.NotEmpty(reason);
            Assert.Equal(before, after);
        }
    }

    [Fact]
    public void Any_byte_may_lie_without_a_crash()
    {
        byte[] whole = Library.Build();
        for (int i = 0; i < whole.Length; i++)
        {
            foreach (byte value in (ReadOnlySpan<byte>)[0, 1, 0x7f, 0x80, 0xff])
            {
                byte[] elf = [.. whole];
                elf[i] = value;
                byte[] before = [.. elf];
                (WeakVersion.Outcome outcome, string reason) = WeakVersion.Mark(elf, Version);

                Assert.Equal(outcome == WeakVersion.Outcome.Unreadable, reason.Length > 0);
                Assert.Equal(outcome != WeakVersion.Outcome.Marked, before.AsSpan().SequenceEqual(elf));
            }
        }
    }

    [Fact]
    public void Entries_that_go_round_in_a_circle_end()
    {
        // Offsets are unsigned and only ever grow, so a circle is a step that is not zero and never leaves: 16 bytes back wraps outside.
        byte[] elf = Library.Build();
        BinaryPrimitives.WriteUInt32LittleEndian(elf.AsSpan(TinyElf.NeedsAt + 12), unchecked((uint)-16));

        Assert.Equal(WeakVersion.Outcome.Unreadable, WeakVersion.Mark(elf, Version).Outcome);
    }

    [Fact]
    public void A_file_is_replaced_and_what_is_linked_to_it_stays()
    {
        using TemporaryFile file = new(Library.Build());
        byte[] before = File.ReadAllBytes(file.Path);
        DateTime time = new(2024, 5, 6, 7, 8, 9, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(file.Path, time);
        using FileStream other = new(file.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

        Assert.Equal(WeakVersion.Outcome.Marked, WeakVersion.MarkFile(file.Path, Version).Outcome);

        byte[] held = new byte[before.Length];
        other.ReadExactly(held);
        Assert.Equal(before, held);
        Assert.NotEqual(before, File.ReadAllBytes(file.Path));
        Assert.Equal(time, File.GetLastWriteTimeUtc(file.Path));
        Assert.Equal([file.Path], Directory.GetFiles(Path.GetDirectoryName(file.Path)!, Path.GetFileName(file.Path) + "*"));
        Assert.Equal(WeakVersion.Outcome.AlreadyWeak, WeakVersion.MarkFile(file.Path, Version).Outcome);
    }

    [Fact]
    public void A_file_that_cannot_be_read_stays_as_it_is()
    {
        using TemporaryFile file = new([1, 2, 3]);

        Assert.Equal(WeakVersion.Outcome.Unreadable, WeakVersion.MarkFile(file.Path, Version).Outcome);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(file.Path));
        Assert.Throws<FileNotFoundException>(() => WeakVersion.MarkFile(file.Path + ".absent", Version));
    }
}
