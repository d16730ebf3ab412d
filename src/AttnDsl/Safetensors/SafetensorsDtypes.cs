using System;
using System.Linq;

namespace AttnDsl;

/// <summary>Names and sizes of the element types.</summary>
internal static class SafetensorsDtypes
{
    private static readonly (SafetensorsDtype Dtype, string Name, int Size)[] All =
    [
        (SafetensorsDtype.Bool, "BOOL", 1),
        (SafetensorsDtype.UInt8, "U8", 1),
        (SafetensorsDtype.Int8, "I8", 1),
        (SafetensorsDtype.UInt16, "U16", 2),
        (SafetensorsDtype.Int16, "I16", 2),
        (SafetensorsDtype.UInt32, "U32", 4),
        (SafetensorsDtype.Int32, "I32", 4),
        (SafetensorsDtype.UInt64, "U64", 8),
        (SafetensorsDtype.Int64, "I64", 8),
        (SafetensorsDtype.Float8E4M3, "F8_E4M3", 1),
        (SafetensorsDtype.Float8E5M2, "F8_E5M2", 1),
        (SafetensorsDtype.Float16, "F16", 2),
        (SafetensorsDtype.BFloat16, "BF16", 2),
        (SafetensorsDtype.Float32, "F32", 4),
        (SafetensorsDtype.Float64, "F64", 8),
    ];

    /// <summary>The names as the format spells them.</summary>
    public static string Known { get; } = string.Join(", ", All.Select(entry => entry.Name));

    public static bool TryParse(string name, out SafetensorsDtype dtype)
    {
        foreach ((SafetensorsDtype candidate, string spelling, _) in All)
        {
            if (spelling == name)
            {
                dtype = candidate;
                return true;
            }
        }

        dtype = default;
        return false;
    }

    public static string NameOf(SafetensorsDtype dtype) => Entry(dtype).Name;

    /// <summary>Bytes of one element.</summary>
    public static int SizeOf(SafetensorsDtype dtype) => Entry(dtype).Size;

    /// <summary>Whether the type can hold weights: F16, BF16, F32 or F64.</summary>
    public static bool IsWeight(SafetensorsDtype dtype) =>
        dtype is SafetensorsDtype.Float16 or SafetensorsDtype.BFloat16 or SafetensorsDtype.Float32 or SafetensorsDtype.Float64;

    private static (SafetensorsDtype Dtype, string Name, int Size) Entry(SafetensorsDtype dtype)
    {
        foreach (var entry in All)
        {
            if (entry.Dtype == dtype)
            {
                return entry;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(dtype), dtype, $"dtype: expected one of {Known}, got {dtype}");
    }
}
