using System;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttnDsl;

/// <summary>Many floats to and from bfloat16 bits at once.</summary>
internal static class KvBFloat16
{
    /// <summary>Nearest, ties to even; NaN stays NaN.</summary>
    public static void Round(ReadOnlySpan<float> source, Span<ushort> target)
    {
        ref float from = ref MemoryMarshal.GetReference(source);
        ref ushort to = ref MemoryMarshal.GetReference(target[..source.Length]);
        nuint i = 0;
        for (; i + 16 <= (nuint)source.Length; i += 16)
        {
            Vector256.Narrow(Round(Vector256.LoadUnsafe(ref from, i)), Round(Vector256.LoadUnsafe(ref from, i + 8))).StoreUnsafe(ref to, i);
        }

        for (int rest = (int)i; rest < source.Length; rest++)
        {
            target[rest] = BFloat16Bits.FromDouble(source[rest]);
        }
    }

    /// <summary>Exact.</summary>
    public static void Widen(ReadOnlySpan<ushort> source, Span<float> target)
    {
        for (int i = 0; i < source.Length; i++)
        {
            target[i] = BFloat16Bits.ToSingle(source[i]);
        }
    }

    private static Vector256<uint> Round(Vector256<float> value)
    {
        Vector256<uint> bits = value.AsUInt32();
        Vector256<uint> rounded = (bits + Vector256.Create(0x7FFFu) + ((bits >>> 16) & Vector256<uint>.One)) >>> 16;
        Vector256<uint> quiet = ((bits >>> 16) & Vector256.Create(0x8000u)) | Vector256.Create(0x7FC0u);
        return Vector256.ConditionalSelect(Vector256.IsNaN(value).AsUInt32(), quiet, rounded);
    }
}
