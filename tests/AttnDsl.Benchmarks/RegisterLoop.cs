using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using AttnDsl.Cpu;

namespace AttnDsl.Benchmarks;

/// <summary>The fused multiply-add limit of this machine: a loop that touches nothing but registers, on all threads at once.</summary>
internal sealed class RegisterLoop : TeamJob
{
    private const int Accumulators = 12;

    public int Iterations { get; set; } = 100_000;

    public float Result { get; private set; }

    public static int LanesPerVector => Simd.Detected switch
    {
        SimdPath.Vector512 => 16,
        SimdPath.Vector256 => 8,
        _ => 4,
    };

    public double Flops(int pieces) => 2.0 * Accumulators * LanesPerVector * Iterations * pieces;

    public override void Execute(int index, Workspace workspace) => Result = Simd.Detected switch
    {
        SimdPath.Vector512 => Run512(Iterations, 1 + index),
        SimdPath.Vector256 => Run256(Iterations, 1 + index),
        _ => Run128(Iterations, 1 + index),
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Run512(int iterations, float seed)
    {
        Vector512<float> x = Vector512.Create(0.9999f);
        Vector512<float> y = Vector512.Create(seed * 1e-3f);
        Vector512<float> a0 = Vector512.Create(seed + 0);
        Vector512<float> a1 = Vector512.Create(seed + 1);
        Vector512<float> a2 = Vector512.Create(seed + 2);
        Vector512<float> a3 = Vector512.Create(seed + 3);
        Vector512<float> a4 = Vector512.Create(seed + 4);
        Vector512<float> a5 = Vector512.Create(seed + 5);
        Vector512<float> a6 = Vector512.Create(seed + 6);
        Vector512<float> a7 = Vector512.Create(seed + 7);
        Vector512<float> a8 = Vector512.Create(seed + 8);
        Vector512<float> a9 = Vector512.Create(seed + 9);
        Vector512<float> a10 = Vector512.Create(seed + 10);
        Vector512<float> a11 = Vector512.Create(seed + 11);
        for (int i = 0; i < iterations; i++)
        {
            a0 = Vector512.MultiplyAddEstimate(a0, x, y);
            a1 = Vector512.MultiplyAddEstimate(a1, x, y);
            a2 = Vector512.MultiplyAddEstimate(a2, x, y);
            a3 = Vector512.MultiplyAddEstimate(a3, x, y);
            a4 = Vector512.MultiplyAddEstimate(a4, x, y);
            a5 = Vector512.MultiplyAddEstimate(a5, x, y);
            a6 = Vector512.MultiplyAddEstimate(a6, x, y);
            a7 = Vector512.MultiplyAddEstimate(a7, x, y);
            a8 = Vector512.MultiplyAddEstimate(a8, x, y);
            a9 = Vector512.MultiplyAddEstimate(a9, x, y);
            a10 = Vector512.MultiplyAddEstimate(a10, x, y);
            a11 = Vector512.MultiplyAddEstimate(a11, x, y);
        }

        return Vector512.Sum(a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Run256(int iterations, float seed)
    {
        Vector256<float> x = Vector256.Create(0.9999f);
        Vector256<float> y = Vector256.Create(seed * 1e-3f);
        Vector256<float> a0 = Vector256.Create(seed + 0);
        Vector256<float> a1 = Vector256.Create(seed + 1);
        Vector256<float> a2 = Vector256.Create(seed + 2);
        Vector256<float> a3 = Vector256.Create(seed + 3);
        Vector256<float> a4 = Vector256.Create(seed + 4);
        Vector256<float> a5 = Vector256.Create(seed + 5);
        Vector256<float> a6 = Vector256.Create(seed + 6);
        Vector256<float> a7 = Vector256.Create(seed + 7);
        Vector256<float> a8 = Vector256.Create(seed + 8);
        Vector256<float> a9 = Vector256.Create(seed + 9);
        Vector256<float> a10 = Vector256.Create(seed + 10);
        Vector256<float> a11 = Vector256.Create(seed + 11);
        for (int i = 0; i < iterations; i++)
        {
            a0 = Vector256.MultiplyAddEstimate(a0, x, y);
            a1 = Vector256.MultiplyAddEstimate(a1, x, y);
            a2 = Vector256.MultiplyAddEstimate(a2, x, y);
            a3 = Vector256.MultiplyAddEstimate(a3, x, y);
            a4 = Vector256.MultiplyAddEstimate(a4, x, y);
            a5 = Vector256.MultiplyAddEstimate(a5, x, y);
            a6 = Vector256.MultiplyAddEstimate(a6, x, y);
            a7 = Vector256.MultiplyAddEstimate(a7, x, y);
            a8 = Vector256.MultiplyAddEstimate(a8, x, y);
            a9 = Vector256.MultiplyAddEstimate(a9, x, y);
            a10 = Vector256.MultiplyAddEstimate(a10, x, y);
            a11 = Vector256.MultiplyAddEstimate(a11, x, y);
        }

        return Vector256.Sum(a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Run128(int iterations, float seed)
    {
        Vector128<float> x = Vector128.Create(0.9999f);
        Vector128<float> y = Vector128.Create(seed * 1e-3f);
        Vector128<float> a0 = Vector128.Create(seed + 0);
        Vector128<float> a1 = Vector128.Create(seed + 1);
        Vector128<float> a2 = Vector128.Create(seed + 2);
        Vector128<float> a3 = Vector128.Create(seed + 3);
        Vector128<float> a4 = Vector128.Create(seed + 4);
        Vector128<float> a5 = Vector128.Create(seed + 5);
        Vector128<float> a6 = Vector128.Create(seed + 6);
        Vector128<float> a7 = Vector128.Create(seed + 7);
        Vector128<float> a8 = Vector128.Create(seed + 8);
        Vector128<float> a9 = Vector128.Create(seed + 9);
        Vector128<float> a10 = Vector128.Create(seed + 10);
        Vector128<float> a11 = Vector128.Create(seed + 11);
        for (int i = 0; i < iterations; i++)
        {
            a0 = Vector128.MultiplyAddEstimate(a0, x, y);
            a1 = Vector128.MultiplyAddEstimate(a1, x, y);
            a2 = Vector128.MultiplyAddEstimate(a2, x, y);
            a3 = Vector128.MultiplyAddEstimate(a3, x, y);
            a4 = Vector128.MultiplyAddEstimate(a4, x, y);
            a5 = Vector128.MultiplyAddEstimate(a5, x, y);
            a6 = Vector128.MultiplyAddEstimate(a6, x, y);
            a7 = Vector128.MultiplyAddEstimate(a7, x, y);
            a8 = Vector128.MultiplyAddEstimate(a8, x, y);
            a9 = Vector128.MultiplyAddEstimate(a9, x, y);
            a10 = Vector128.MultiplyAddEstimate(a10, x, y);
            a11 = Vector128.MultiplyAddEstimate(a11, x, y);
        }

        return Vector128.Sum(a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11);
    }
}
