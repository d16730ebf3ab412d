using System;
using System.Buffers.Binary;
using System.Globalization;
using System.IO;
using System.Text;

namespace AttnDsl.LibTorch;

/// <summary>
/// Marks a symbol version that an ELF library needs as weak, so that the loader goes on without it. For versions that are needed in name only: a symbol of that version that is really
/// looked up would still be missing.
/// </summary>
internal static class WeakVersion
{
    private const int IdentLength = 16, HeaderLength = 64, SectionHeaderLength = 64;
    private const int NeedLength = 16, AuxLength = 16;
    private const byte Class64 = 2, LittleEndian = 1;
    private const uint VersionNeedSection = 0x6ffffffe;
    private const ushort WeakFlag = 2;

    // Chains are walked by offsets that the file gives: no honest library comes near this many entries.
    private const int MostEntries = 1 << 16;

    /// <summary>What was done.</summary>
    internal enum Outcome
    {
        /// <summary>The entry is weak now; it was not before.</summary>
        Marked,

        /// <summary>The entry was weak already; nothing was changed.</summary>
        AlreadyWeak,

        /// <summary>The library does not need that version; nothing was changed.</summary>
        Absent,

        /// <summary>The file is no ELF library of the kind this can read; nothing was changed.</summary>
        Unreadable,
    }

    /// <summary>Marks the version in the file at <paramref name="path"/>. A new file takes its place, with the old one's time and rights: what else is linked to the old one stays as it is.</summary>
    /// <param name="path">An ELF library.</param>
    /// <param name="version">Name of the version, such as GLIBCXX_3.4.32.</param>
    /// <returns>The outcome, and for <see cref="Outcome.Unreadable"/> why.</returns>
    /// <exception cref="IOException">The file cannot be read, or its folder not be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for lack of rights.</exception>
    public static (Outcome Outcome, string Reason) MarkFile(string path, string version)
    {
        byte[] bytes = File.ReadAllBytes(path);
        (Outcome outcome, string reason) = Mark(bytes, version);
        if (outcome != Outcome.Marked)
        {
            return (outcome, reason);
        }

        string temporary = FormattableString.Invariant($"{path}.{Environment.ProcessId}-{Guid.NewGuid():N}.tmp");
        try
        {
            File.WriteAllBytes(temporary, bytes);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(temporary, File.GetUnixFileMode(path));
            }

            // The build takes a copy of equal time and length for up to date.
            File.SetLastWriteTimeUtc(temporary, File.GetLastWriteTimeUtc(path));
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }

        return (outcome, reason);
    }

    /// <summary>Marks the version in the bytes of a 64-bit little-endian ELF library, in every version-need entry of that name.</summary>
    /// <param name="elf">The whole file; changed only for <see cref="Outcome.Marked"/>.</param>
    /// <param name="version">Name of the version.</param>
    /// <returns>The outcome, and for <see cref="Outcome.Unreadable"/> why.</returns>
    public static (Outcome Outcome, string Reason) Mark(Span<byte> elf, string version)
    {
        ArgumentException.ThrowIfNullOrEmpty(version);
        if (elf.Length < IdentLength || !elf.StartsWith("\u007fELF"u8))
        {
            return Unreadable("not an ELF file");
        }

        if (elf[4] != Class64)
        {
            return Unreadable($"expected a 64-bit ELF file (class {Class64}), actual class {elf[4]}");
        }

        if (elf[5] != LittleEndian)
        {
            return Unreadable($"expected a little-endian ELF file (data {LittleEndian}), actual data {elf[5]}");
        }

        if (elf.Length < HeaderLength)
        {
            return Unreadable($"the file ends inside its header: expected {HeaderLength} bytes, actual {elf.Length}");
        }

        ulong table = U64(elf, 40);
        int size = U16(elf, 58), count = U16(elf, 60);
        if (count == 0)
        {
            return (Outcome.Absent, "");
        }

        if (size < SectionHeaderLength || !Fits(elf, table, (ulong)size * (ulong)count))
        {
            return Unreadable($"the file ends before its section table: {count} headers of {size} bytes at {table}, {elf.Length} bytes in all");
        }

        byte[] name = Encoding.UTF8.GetBytes(version);
        int marked = 0, weak = 0;

        // Two rounds, so that a file that turns out to be broken half-way is not changed.
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<byte> section = elf.Slice((int)table + (i * size), size);
                if (U32(section, 4) != VersionNeedSection)
                {
                    continue;
                }

                uint link = U32(section, 40);
                if (link >= (uint)count)
                {
                    return Unreadable($"section {i}: its names stand in section {link} of {count}");
                }

                ReadOnlySpan<byte> names = elf.Slice((int)table + ((int)link * size), size);
                ulong at = U64(section, 24), length = U64(section, 32), namesAt = U64(names, 24), namesLength = U64(names, 32);
                if (!Fits(elf, at, length) || !Fits(elf, namesAt, namesLength))
                {
                    return Unreadable($"the file ends inside section {i} or the names of section {link}");
                }

                string? broken = MarkEntries(
                    elf.Slice((int)at, (int)length), elf.Slice((int)namesAt, (int)namesLength), name, write: round == 1, ref marked, ref weak);
                if (broken is not null)
                {
                    return Unreadable($"section {i}: {broken}");
                }
            }

            if (round == 0 && marked == 0)
            {
                return (weak > 0 ? Outcome.AlreadyWeak : Outcome.Absent, "");
            }
        }

        return (Outcome.Marked, "");
    }

    /// <summary>Walks the needed libraries and their versions; the return value says what is broken.</summary>
    private static string? MarkEntries(Span<byte> needs, ReadOnlySpan<byte> names, ReadOnlySpan<byte> version, bool write, ref int marked, ref int weak)
    {
        int walked = 0;
        for (ulong need = 0; ;)
        {
            if (!Fits(needs, need, NeedLength))
            {
                return string.Create(CultureInfo.InvariantCulture, $"an entry at {need} lies outside its {needs.Length} bytes");
            }

            ReadOnlySpan<byte> entry = needs[(int)need..];
            int versions = U16(entry, 2);
            ulong aux = need + U32(entry, 8);
            for (int i = 0; i < versions; i++)
            {
                if (!Fits(needs, aux, AuxLength) || ++walked > MostEntries)
                {
                    return string.Create(CultureInfo.InvariantCulture, $"a version at {aux} lies outside its {needs.Length} bytes, or there are more than {MostEntries}");
                }

                Span<byte> item = needs[(int)aux..];
                uint at = U32(item, 8);
                if (at >= (uint)names.Length)
                {
                    return string.Create(CultureInfo.InvariantCulture, $"a name at {at} lies outside the {names.Length} bytes of names");
                }

                ReadOnlySpan<byte> found = names[(int)at..];
                int end = found.IndexOf((byte)0);
                if (end >= 0 && found[..end].SequenceEqual(version))
                {
                    ushort flags = U16(item, 4);
                    if ((flags & WeakFlag) != 0)
                    {
                        weak++;
                    }
                    else
                    {
                        marked++;
                        if (write)
                        {
                            BinaryPrimitives.WriteUInt16LittleEndian(item[4..], (ushort)(flags | WeakFlag));
                        }
                    }
                }

                uint step = U32(item, 12);
                if (step == 0)
                {
                    break;
                }

                aux += step;
            }

            uint next = U32(entry, 12);
            if (next == 0)
            {
                return null;
            }

            need += next;
            if (++walked > MostEntries)
            {
                return string.Create(CultureInfo.InvariantCulture, $"there are more than {MostEntries} entries");
            }
        }
    }

    private static (Outcome Outcome, string Reason) Unreadable(FormattableString reason) => (Outcome.Unreadable, FormattableString.Invariant(reason));

    private static (Outcome Outcome, string Reason) Unreadable(string reason) => (Outcome.Unreadable, reason);

    private static bool Fits(ReadOnlySpan<byte> bytes, ulong at, ulong length) => at <= (ulong)bytes.Length && length <= (ulong)bytes.Length - at;

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static ulong U64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
}
