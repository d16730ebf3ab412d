using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttnDsl.Cpu;

/// <summary>Codes to floats in the lanes of a vector, without their scales and minima: those are applied to what the codes meet.</summary>
internal static unsafe class CodeLanes
{
    /// <summary>Whether vectors are long enough: with shorter ones codes become scalars first.</summary>
    public static bool Supports<TLanes>()
        where TLanes : unmanaged, IKernelLanes<TLanes> => TLanes.Count >= 8;

    /// <summary>Mask of the codes that begin at a bit of their words.</summary>
    public static TLanes Mask<TLanes, TBits>(int shift)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where TBits : struct, ICodeBits => TLanes.BroadcastInteger(((1 << TBits.Count) - 1) << shift);

    /// <summary>The code under the mask and the one above it of every word, both as multiples of the mask's lowest bit: shifting every code down would cost an operation, dividing a sum of products none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Two<TLanes, TBits>(int* words, TLanes mask, out TLanes first, out TLanes second)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where TBits : struct, ICodeBits
    {
        if (typeof(TLanes) == typeof(Lanes512))
        {
            Vector512<int> codes = Vector512.Load(words);
            Vector512<int> low = Unsafe.BitCast<TLanes, Vector512<int>>(mask);
            first = Unsafe.BitCast<Vector512<float>, TLanes>(Vector512.ConvertToSingle(codes & low));
            second = Unsafe.BitCast<Vector512<float>, TLanes>(Vector512.ConvertToSingle((codes >>> TBits.Count) & low));
        }
        else
        {
            Vector256<int> codes = Vector256.Load(words);
            Vector256<int> low = Unsafe.BitCast<TLanes, Vector256<int>>(mask);
            first = Unsafe.BitCast<Vector256<float>, TLanes>(Vector256.ConvertToSingle(codes & low));
            second = Unsafe.BitCast<Vector256<float>, TLanes>(Vector256.ConvertToSingle((codes >>> TBits.Count) & low));
        }
    }

    /// <summary>The code under the mask and the three above it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Four<TLanes, TBits>(int* words, TLanes mask, out TLanes first, out TLanes second, out TLanes third, out TLanes fourth)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where TBits : struct, ICodeBits
    {
        if (typeof(TLanes) == typeof(Lanes512))
        {
            Vector512<int> codes = Vector512.Load(words);
            Vector512<int> low = Unsafe.BitCast<TLanes, Vector512<int>>(mask);
            first = Unsafe.BitCast<Vector512<float>, TLanes>(Vector512.ConvertToSingle(codes & low));
            second = Unsafe.BitCast<Vector512<float>, TLanes>(Vector512.ConvertToSingle((codes >>> TBits.Count) & low));
            third = Unsafe.BitCast<Vector512<float>, TLanes>(Vector512.ConvertToSingle((codes >>> (2 * TBits.Count)) & low));
            fourth = Unsafe.BitCast<Vector512<float>, TLanes>(Vector512.ConvertToSingle((codes >>> (3 * TBits.Count)) & low));
        }
        else
        {
            Vector256<int> codes = Vector256.Load(words);
            Vector256<int> low = Unsafe.BitCast<TLanes, Vector256<int>>(mask);
            first = Unsafe.BitCast<Vector256<float>, TLanes>(Vector256.ConvertToSingle(codes & low));
            second = Unsafe.BitCast<Vector256<float>, TLanes>(Vector256.ConvertToSingle((codes >>> TBits.Count) & low));
            third = Unsafe.BitCast<Vector256<float>, TLanes>(Vector256.ConvertToSingle((codes >>> (2 * TBits.Count)) & low));
            fourth = Unsafe.BitCast<Vector256<float>, TLanes>(Vector256.ConvertToSingle((codes >>> (3 * TBits.Count)) & low));
        }
    }

    /// <summary>
    /// How two vectors of consecutive codes come out of <see cref="Spread"/>: of W words that repeat over the lanes, lane W j + w has of word w the codes 2 j, in the first vector, and 2 j + 1, in the second, both times 2^(2 j bits).
    /// </summary>
    /// <param name="lane">A lane of the first vector, or, behind those, of the second.</param>
    /// <param name="shift">By how much the code lies above the lowest bit.</param>
    /// <returns>The code's number.</returns>
    public static int Place<TLanes, TBits>(int lane, out int shift)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where TBits : struct, ICodeBits
    {
        int words = 2 * TLanes.Count * TBits.Count / 32;
        (int j, int word) = Math.DivRem(lane % TLanes.Count, words);
        shift = 2 * j * TBits.Count;
        return (word * 32 / TBits.Count) + (2 * j) + (lane / TLanes.Count);
    }

    /// <summary>Consecutive codes, two vectors of them, in an order and with factors of their own (<see cref="Place"/>).</summary>
    /// <param name="codes">The word they begin in.</param>
    /// <param name="mask">Of every lane, its code of the first vector.</param>
    /// <param name="first">Half of them.</param>
    /// <param name="second">The others.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Spread<TLanes, TBits>(byte* codes, TLanes mask, out TLanes first, out TLanes second)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where TBits : struct, ICodeBits
    {
        if (typeof(TLanes) == typeof(Lanes512))
        {
            Vector512<int> words =
                TBits.Count == 2 ? Vector512.Create(*(long*)codes).AsInt32()
                : TBits.Count == 4 ? Quarters((int*)codes)
                : Halves((long*)codes);
            Vector512<int> own = Unsafe.BitCast<TLanes, Vector512<int>>(mask);
            first = Unsafe.BitCast<Vector512<float>, TLanes>(Vector512.ConvertToSingle(words & own));
            second = Unsafe.BitCast<Vector512<float>, TLanes>(Vector512.ConvertToSingle((words >>> TBits.Count) & own));
        }
        else
        {
            Vector256<int> words =
                TBits.Count == 2 ? Vector256.Create(*(int*)codes)
                : TBits.Count == 4 ? Vector256.Create(*(long*)codes).AsInt32()
                : Vector256.Create(Vector128.Load((int*)codes), Vector128.Load((int*)codes));
            Vector256<int> own = Unsafe.BitCast<TLanes, Vector256<int>>(mask);
            first = Unsafe.BitCast<Vector256<float>, TLanes>(Vector256.ConvertToSingle(words & own));
            second = Unsafe.BitCast<Vector256<float>, TLanes>(Vector256.ConvertToSingle((words >>> TBits.Count) & own));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Quarters(int* codes) =>
        Avx512F.IsSupported
            ? Avx512F.BroadcastVector128ToVector512(codes)
            : Vector512.Create(Vector256.Create(Vector128.Load(codes), Vector128.Load(codes)), Vector256.Create(Vector128.Load(codes), Vector128.Load(codes)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Halves(long* codes) =>
        (Avx512F.IsSupported ? Avx512F.BroadcastVector256ToVector512(codes) : Vector512.Create(Vector256.Load(codes), Vector256.Load(codes))).AsInt32();
}
