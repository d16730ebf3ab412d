using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;

namespace AttnDsl.Conformance.Tests.LibTorch;

/// <summary>The smallest ELF library that needs symbol versions: header, version needs, their names, section table.</summary>
internal sealed class TinyElf
{
    private const int Header = 64, Section = 64, Need = 16, Aux = 16;

    private readonly List<(string Library, (string Name, ushort Flags)[] Versions)> needs = [];

    /// <summary>Adds a library and the versions needed of it.</summary>
    public TinyElf Needs(string library, params (string Name, ushort Flags)[] versions)
    {
        needs.Add((library, versions));
        return this;
    }

    /// <summary>Where the version-need section begins.</summary>
    public static int NeedsAt => Header;

    /// <summary>Where the section table begins.</summary>
    public static int SectionTable(byte[] elf) => (int)BinaryPrimitives.ReadUInt64LittleEndian(elf.AsSpan(40));

    /// <summary>The bytes of the library.</summary>
    public byte[] Build()
    {
        List<byte> names = [0];
        List<byte> section = [];
        for (int i = 0; i < needs.Count; i++)
        {
            (string library, (string Name, ushort Flags)[] versions) = needs[i];
            int length = Need + (versions.Length * Aux);
            Write16(section, 1);
            Write16(section, (ushort)versions.Length);
            Write32(section, Name(names, library));
            Write32(section, Need);
            Write32(section, i + 1 < needs.Count ? (uint)length : 0);
            for (int v = 0; v < versions.Length; v++)
            {
                Write32(section, 0x1234);
                Write16(section, versions[v].Flags);
                Write16(section, (ushort)(v + 2));
                Write32(section, Name(names, versions[v].Name));
                Write32(section, v + 1 < versions.Length ? Aux : 0u);
            }
        }

        int namesAt = Header + section.Count, table = namesAt + names.Count;
        byte[] elf = new byte[table + (3 * Section)];
        Span<byte> bytes = elf;
        "\u007fELF"u8.CopyTo(bytes);
        bytes[4] = 2;
        bytes[5] = 1;
        bytes[6] = 1;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[40..], (ulong)table);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[58..], Section);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[60..], 3);
        section.ToArray().CopyTo(bytes[Header..]);
        names.ToArray().CopyTo(bytes[namesAt..]);
        WriteSection(bytes[(table + Section)..], type: 0x6ffffffe, at: Header, section.Count, link: 2);
        WriteSection(bytes[(table + (2 * Section))..], type: 3, namesAt, names.Count, link: 0);
        return elf;
    }

    private static void WriteSection(Span<byte> section, uint type, int at, int length, uint link)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(section[4..], type);
        BinaryPrimitives.WriteUInt64LittleEndian(section[24..], (ulong)at);
        BinaryPrimitives.WriteUInt64LittleEndian(section[32..], (ulong)length);
        BinaryPrimitives.WriteUInt32LittleEndian(section[40..], link);
    }

    private static uint Name(List<byte> names, string name)
    {
        uint at = (uint)names.Count;
        names.AddRange(Encoding.UTF8.GetBytes(name));
        names.Add(0);
        return at;
    }

    private static void Write16(List<byte> bytes, ushort value)
    {
        bytes.Add((byte)value);
        bytes.Add((byte)(value >> 8));
    }

    private static void Write32(List<byte> bytes, uint value)
    {
        Write16(bytes, (ushort)value);
        Write16(bytes, (ushort)(value >> 16));
    }
}
