using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttnDsl.Cpu;

/// <summary>Functions applied element by element. Called by generated code. An output may be the operand.</summary>
public static class Activation
{
    /// <summary>y = 1 / (1 + e^(−x)).</summary>
    /// <param name="x">Elements.</param>
    /// <param name="y">As many, overwritten.</param>
    /// <param name="threads">Threads to use at most; 0: <see cref="CpuThreads.Count"/>.</param>
    /// <exception cref="ArgumentException">The spans differ in length.</exception>
    public static void Sigmoid(ReadOnlySpan<float> x, Span<float> y, int threads = 0) => Run<SigmoidOperation>(x, y, threads);

    /// <summary>y = x / (1 + e^(−x)); parameters as in <see cref="Sigmoid"/>.</summary>
    public static void Silu(ReadOnlySpan<float> x, Span<float> y, int threads = 0) => Run<SiluOperation>(x, y, threads);

    /// <summary>y = e^x; parameters as in <see cref="Sigmoid"/>.</summary>
    public static void Exp(ReadOnlySpan<float> x, Span<float> y, int threads = 0) => Run<ExpOperation>(x, y, threads);

    /// <summary>y = 1 / max(x, ε), ε = 2⁻²³; parameters as in <see cref="Sigmoid"/>.</summary>
    public static void Reciprocal(ReadOnlySpan<float> x, Span<float> y, int threads = 0) => Run<ReciprocalOperation>(x, y, threads);

    /// <summary>y = x held between 0 and 1; parameters as in <see cref="Sigmoid"/>.</summary>
    public static void Clamp(ReadOnlySpan<float> x, Span<float> y, int threads = 0) => Run<ClampOperation>(x, y, threads);

    /// <summary>y = 1 where 0 ≤ x ≤ 1, else 0; parameters as in <see cref="Sigmoid"/>.</summary>
    public static void Inside(ReadOnlySpan<float> x, Span<float> y, int threads = 0) => Run<InsideOperation>(x, y, threads);

    /// <summary>y = |x|; parameters as in <see cref="Sigmoid"/>.</summary>
    public static void Abs(ReadOnlySpan<float> x, Span<float> y, int threads = 0) => Run<AbsOperation>(x, y, threads);

    /// <summary>y = −1, 0 or 1 as x is below, at or above 0; parameters as in <see cref="Sigmoid"/>.</summary>
    public static void Sign(ReadOnlySpan<float> x, Span<float> y, int threads = 0) => Run<SignOperation>(x, y, threads);

    private static void Run<TOperation>(ReadOnlySpan<float> x, Span<float> y, int threads)
        where TOperation : struct, IUnaryOperation
    {
        float unread = 0;
        ElementwiseCall<Unary<TOperation>>.Run(x, new ReadOnlySpan<float>(in unread), y, [x.Length], [1], threads);
    }

    /// <summary>One element of one.</summary>
    private interface IUnaryOperation
    {
        static abstract Vector256<float> Apply(Vector256<float> x);
    }

    /// <summary>An operation of two that does not read the second. A single element takes the vector's way, so that its bits do not depend on its place.</summary>
    private readonly struct Unary<TOperation> : IBinaryOperation
        where TOperation : struct, IUnaryOperation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Apply(Vector256<float> a, Vector256<float> b) => TOperation.Apply(a);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Apply(float a, float b) => TOperation.Apply(Vector256.Create(a)).ToScalar();
    }

    private readonly struct SigmoidOperation : IUnaryOperation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Apply(Vector256<float> x) => Vector256<float>.One / (Vector256<float>.One + Vector256.Exp(-x));
    }

    private readonly struct SiluOperation : IUnaryOperation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Apply(Vector256<float> x) => x / (Vector256<float>.One + Vector256.Exp(-x));
    }

    private readonly struct ExpOperation : IUnaryOperation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Apply(Vector256<float> x) => Vector256.Exp(x);
    }

    private readonly struct ReciprocalOperation : IUnaryOperation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Apply(Vector256<float> x) => Vector256<float>.One / Vector256.Max(x, Vector256.Create(MathF.BitIncrement(1) - 1));
    }

    private readonly struct ClampOperation : IUnaryOperation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Apply(Vector256<float> x) => Vector256.Min(Vector256.Max(x, Vector256<float>.Zero), Vector256<float>.One);
    }

    private readonly struct InsideOperation : IUnaryOperation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Apply(Vector256<float> x) =>
            Vector256.GreaterThanOrEqual(x, Vector256<float>.Zero) & Vector256.LessThanOrEqual(x, Vector256<float>.One) & Vector256<float>.One;
    }

    private readonly struct AbsOperation : IUnaryOperation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Apply(Vector256<float> x) => Vector256.Abs(x);
    }

    private readonly struct SignOperation : IUnaryOperation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Apply(Vector256<float> x) =>
            (Vector256.GreaterThan(x, Vector256<float>.Zero) & Vector256<float>.One) - (Vector256.LessThan(x, Vector256<float>.Zero) & Vector256<float>.One);
    }
}
