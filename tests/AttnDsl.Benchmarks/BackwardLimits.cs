using System;
using System.Globalization;
using AttnDsl.Cpu;

namespace AttnDsl.Benchmarks;

/// <summary>The backward of the attention core as a fraction of what the machine can do.</summary>
internal static class BackwardLimits
{
    public static void Run(string filter)
    {
        int threads = CpuThreads.Count;
        var loop = new RegisterLoop();
        foreach ((int heads, int kv, int tokens, int width, bool causal) in new[]
        {
            (16, 4, 2048, 64, true), (16, 4, 2048, 128, true), (16, 4, 1024, 64, true), (16, 4, 1024, 128, true), (16, 4, 2048, 80, true), (16, 4, 2048, 64, false), (8, 2, 4096, 128, true),
        })
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"backward {(causal ? "causal" : "full")} {heads}/{kv} T {tokens} d {width}");
            if (name.Contains(filter, StringComparison.Ordinal))
            {
                Figures figures = Measure(heads, kv, tokens, width, causal, () => CpuTeam.Shared.Run(loop, threads, threads), loop.Flops(threads));
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name,-36} {figures.Kernel / 1e9,7:F1} GFLOP/s of {figures.Limit / 1e9,7:F1}: best {figures.Best:P1}, median {figures.Median:P1}"));
            }
        }
    }

    /// <summary>Nominal operations: five products of T x T x d, half of them when causal.</summary>
    private static Figures Measure(int heads, int kv, int tokens, int width, bool causal, Action limit, double limitWork)
    {
        var random = new Random(1);
        float[] q = Random(random, tokens * heads * width);
        float[] k = Random(random, tokens * kv * width);
        float[] v = Random(random, tokens * kv * width);
        float[] gradient = Random(random, q.Length);
        var o = new float[q.Length];
        var lse = new float[tokens * heads];
        var dq = new float[q.Length];
        var dk = new float[k.Length];
        var dv = new float[v.Length];
        var geometry = new AttendGeometry(HeadMap.Grouped(heads, heads), HeadMap.Grouped(kv, heads), HeadMap.Grouped(kv, heads), width, width, 1 / Math.Sqrt(width));
        TokenRows rows = TokenRows.Uniform(1, tokens);
        var mask = new BandMask(BandMask.Unbounded, causal ? 0 : BandMask.Unbounded);
        FusedAttention.Forward(geometry, q, HeadRows<float>.Dense(k, tokens, kv, width), HeadRows<float>.Dense(v, tokens, kv, width), [], rows, default(IdentityScore), mask, o, lse);
        return Alternation.Measure(
            limit,
            limitWork,
            () => FusedAttentionGradient.Backward(geometry, q, k, v, [], o, lse, gradient, rows, default(IdentityScore), mask, dq, dk, dv, []),
            10.0 * heads * width * tokens * tokens / (causal ? 2 : 1));
    }

    private static float[] Random(Random random, int length)
    {
        var values = new float[length];
        for (int i = 0; i < length; i++)
        {
            values[i] = (2 * random.NextSingle()) - 1;
        }

        return values;
    }
}
