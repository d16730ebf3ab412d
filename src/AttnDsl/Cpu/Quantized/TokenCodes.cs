using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttnDsl.Cpu;

/// <summary>Reads codes that have a scale per token: an int32 holds consecutive channels, which are widened to a byte each and then to lanes.</summary>
internal static unsafe class TokenCodes
{
    /// <param name="layout">How the codes lie.</param>
    /// <param name="head">First unit of the head.</param>
    /// <param name="token">First token.</param>
    /// <param name="count">Tokens.</param>
    /// <param name="target">[count, width].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read<TBits>(QuantizedLayout layout, int* head, int token, int count, float* target)
        where TBits : struct, ICodeBits
    {
        int width = layout.Width;
        int group = layout.Quantization.Group;
        int groups = layout.Scales;
        int words = layout.CodeWords;
        int unit = layout.UnitWords;

        // Groups that begin within a byte are read one by one.
        bool even = group * TBits.Count % 8 == 0;
        int* at = head + ((long)token * unit);
        for (int end = token + count; token < end; token++, at += unit)
        {
            float* scales = (float*)(at + words);
            int channel = 0;
            for (int g = 0; g < groups; g++)
            {
                float scale = scales[g];
                float least = scales[groups + g];
                int last = channel + group;
                byte* bytes = (byte*)at + (channel * TBits.Count / 8);
                if (even && Vector512.IsHardwareAccelerated && Avx512F.IsSupported)
                {
                    for (; channel + 16 <= last; channel += 16, bytes += 2 * TBits.Count)
                    {
                        Vector512<int> codes = Avx512F.ConvertToVector512Int32(Sixteen<TBits>(bytes));
                        Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(codes), Vector512.Create(scale), Vector512.Create(least)).Store(target + channel);
                    }
                }

                for (; even && channel + 8 <= last; channel += 8, bytes += TBits.Count)
                {
                    Vector256<int> codes = Widen(Eight<TBits>(bytes));
                    Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(codes), Vector256.Create(scale), Vector256.Create(least)).Store(target + channel);
                }

                for (; channel < last; channel++)
                {
                    int bit = channel * TBits.Count;
                    int code = (at[bit / 32] >>> (bit % 32)) & ((1 << TBits.Count) - 1);
                    target[channel] = MathF.FusedMultiplyAdd(code, scale, least);
                }
            }

            target += width;
        }
    }

    /// <summary>Sixteen codes, a byte each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Sixteen<TBits>(byte* from)
        where TBits : struct, ICodeBits =>
        TBits.Count == 8 ? Vector128.Load(from)
        : TBits.Count == 4 ? Nibbles(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(from)).AsByte())
        : Pairs(Nibbles(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(from)).AsByte()));

    /// <summary>Eight codes, in the lower half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Eight<TBits>(byte* from)
        where TBits : struct, ICodeBits =>
        TBits.Count == 8 ? Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(from)).AsByte()
        : TBits.Count == 4 ? Nibbles(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(from)).AsByte())
        : Pairs(Nibbles(Vector128.CreateScalarUnsafe((uint)Unsafe.ReadUnaligned<ushort>(from)).AsByte()));

    // The halves of the lower eight bytes, a byte each.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Nibbles(Vector128<byte> bytes)
    {
        Vector128<ushort> wide = Vector128.WidenLower(bytes);
        return ((wide | (wide << 4)) & Vector128.Create((ushort)0x0F0F)).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Pairs(Vector128<byte> nibbles)
    {
        Vector128<ushort> wide = Vector128.WidenLower(nibbles);
        return ((wide | (wide << 6)) & Vector128.Create((ushort)0x0303)).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(Vector128<byte> codes)
    {
        if (Avx2.IsSupported)
        {
            return Avx2.ConvertToVector256Int32(codes);
        }

        Vector128<ushort> wide = Vector128.WidenLower(codes);
        return Vector256.Create(Vector128.WidenLower(wide), Vector128.WidenUpper(wide)).AsInt32();
    }
}
