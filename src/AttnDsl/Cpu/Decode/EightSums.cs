using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttnDsl.Cpu;

/// <summary>The sums over the lanes of eight vectors at once, in their order: a transposition whose steps add.</summary>
internal static class EightSums
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Of<TLanes>(TLanes a, TLanes b, TLanes c, TLanes d, TLanes e, TLanes f, TLanes g, TLanes h)
        where TLanes : unmanaged, IKernelLanes<TLanes>
    {
        if (typeof(TLanes) == typeof(Lanes512))
        {
            return Of(As512(a), As512(b), As512(c), As512(d), As512(e), As512(f), As512(g), As512(h));
        }

        if (typeof(TLanes) == typeof(Lanes256))
        {
            return Of(As256(a), As256(b), As256(c), As256(d), As256(e), As256(f), As256(g), As256(h));
        }

        return Vector256.Create(FourSums(As128(a), As128(b), As128(c), As128(d)), FourSums(As128(e), As128(f), As128(g), As128(h)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Of(
        Vector512<float> a,
        Vector512<float> b,
        Vector512<float> c,
        Vector512<float> d,
        Vector512<float> e,
        Vector512<float> f,
        Vector512<float> g,
        Vector512<float> h)
    {
        if (!Avx512F.IsSupported)
        {
            return Of(Fold(a), Fold(b), Fold(c), Fold(d), Fold(e), Fold(f), Fold(g), Fold(h));
        }

        Vector512<float> first = Quarters(Pairs(a, b), Pairs(c, d));
        Vector512<float> second = Quarters(Pairs(e, f), Pairs(g, h));
        return Halves(Fold(first), Fold(second));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Of(
        Vector256<float> a,
        Vector256<float> b,
        Vector256<float> c,
        Vector256<float> d,
        Vector256<float> e,
        Vector256<float> f,
        Vector256<float> g,
        Vector256<float> h)
    {
        if (!Avx.IsSupported)
        {
            return Vector256.Create(FourSums(Fold(a), Fold(b), Fold(c), Fold(d)), FourSums(Fold(e), Fold(f), Fold(g), Fold(h)));
        }

        return Halves(Quarters(Pairs(a, b), Pairs(c, d)), Quarters(Pairs(e, f), Pairs(g, h)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> FourSums(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d)
    {
        Transpose4.Apply(ref a, ref b, ref c, ref d);
        return (a + c) + (b + d);
    }

    // [a0+a2, b0+b2, a1+a3, b1+b3] in every 128 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Pairs(Vector512<float> a, Vector512<float> b) => Avx512F.UnpackLow(a, b) + Avx512F.UnpackHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Pairs(Vector256<float> a, Vector256<float> b) => Avx.UnpackLow(a, b) + Avx.UnpackHigh(a, b);

    // [Σa, Σb, Σc, Σd] of every 128 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Quarters(Vector512<float> ab, Vector512<float> cd) =>
        Avx512F.UnpackLow(ab.AsDouble(), cd.AsDouble()).AsSingle() + Avx512F.UnpackHigh(ab.AsDouble(), cd.AsDouble()).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Quarters(Vector256<float> ab, Vector256<float> cd) =>
        Avx.UnpackLow(ab.AsDouble(), cd.AsDouble()).AsSingle() + Avx.UnpackHigh(ab.AsDouble(), cd.AsDouble()).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Halves(Vector256<float> first, Vector256<float> second) =>
        Vector256.Create(first.GetLower() + first.GetUpper(), second.GetLower() + second.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Fold(Vector512<float> a) => a.GetLower() + a.GetUpper();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Fold(Vector256<float> a) => a.GetLower() + a.GetUpper();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> As512<TLanes>(TLanes a)
        where TLanes : unmanaged => Unsafe.BitCast<TLanes, Vector512<float>>(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> As256<TLanes>(TLanes a)
        where TLanes : unmanaged => Unsafe.BitCast<TLanes, Vector256<float>>(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> As128<TLanes>(TLanes a)
        where TLanes : unmanaged => Unsafe.BitCast<TLanes, Vector128<float>>(a);
}
