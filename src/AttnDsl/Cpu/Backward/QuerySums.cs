using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttnDsl.Cpu;

/// <summary>What the gradients need of every query before they see a key, for all score heads of some tokens: o and dO are read once, in the order in which they lie.</summary>
internal static unsafe class QuerySums
{
    private const double Log2E = 1.4426950408889634;

    /// <summary>
    /// shift = −log2 of the denominator, so that 2^(s · log2 e + shift) are the weights, scaled by the keys' share where there is a sink; −∞ for queries that see nothing. delta = ⟨dO, o⟩, 0 for those.
    /// </summary>
    /// <param name="at">Operands.</param>
    /// <param name="geometry">Heads and widths.</param>
    /// <param name="place">First token, counted over the batch.</param>
    /// <param name="count">Tokens.</param>
    /// <param name="shift">Of the first token and head.</param>
    /// <param name="delta">Of the first token and head.</param>
    /// <param name="headStride">Floats from head to head of both.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute(in BackwardPointers at, AttendGeometry geometry, long place, int count, float* shift, float* delta, long headStride)
    {
        int heads = geometry.ScoreHeads;
        int width = geometry.ValueWidth;
        float* output = at.Output + (place * heads * width);
        float* gradient = at.OutputGradient + (place * heads * width);
        float* lse = at.Lse + (place * heads);
        for (int token = 0; token < count; token++)
        {
            for (int head = 0; head < heads; head++)
            {
                float mass = *lse++;
                bool blind = float.IsNegativeInfinity(mass);
                shift[(head * headStride) + token] = blind ? mass : (float)(-Total(mass, at.Sinks == null ? float.NegativeInfinity : at.Sinks[head]) * Log2E);
                delta[(head * headStride) + token] = blind ? 0 : Dot(output, gradient, width);
                output += width;
                gradient += width;
            }
        }
    }

    /// <summary>−Σ (1 − share) D over the queries of one head.</summary>
    /// <param name="sink">The head's sink.</param>
    /// <param name="lse">First log-sum of the head.</param>
    /// <param name="stride">Floats from token to token of these.</param>
    /// <param name="delta">D per query.</param>
    /// <param name="count">Queries.</param>
    public static double SinkGradient(float sink, float* lse, long stride, float* delta, int count)
    {
        double sum = 0;
        for (int token = 0; token < count && !float.IsNegativeInfinity(sink); token++, lse += stride)
        {
            if (!float.IsNegativeInfinity(*lse))
            {
                sum -= Math.Exp(sink - Total(*lse, sink)) * delta[token];
            }
        }

        return sum;
    }

    /// <summary>ln(e^mass + e^sink).</summary>
    private static double Total(double mass, double sink)
    {
        if (double.IsNegativeInfinity(sink))
        {
            return mass;
        }

        double larger = Math.Max(mass, sink);
        return larger + Math.Log(Math.Exp(mass - larger) + Math.Exp(sink - larger));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Dot(float* a, float* b, int width)
    {
        Vector128<float> sum = Vector128<float>.Zero;
        Vector128<float> other = Vector128<float>.Zero;
        int i = 0;
        for (; i + 8 <= width; i += 8)
        {
            sum = Vector128.MultiplyAddEstimate(Vector128.Load(a + i), Vector128.Load(b + i), sum);
            other = Vector128.MultiplyAddEstimate(Vector128.Load(a + i + 4), Vector128.Load(b + i + 4), other);
        }

        float total = Vector128.Sum(sum + other);
        for (; i < width; i++)
        {
            total += a[i] * b[i];
        }

        return total;
    }
}
