using System;
using System.Globalization;

namespace AttnDsl.Benchmarks;

/// <summary>DeepSeek-V2-Lite's attention, its decoding absorbed.</summary>
[Attention(dim: 2048, heads: 16)]
[LatentKV(rank: 512, ropeDim: 64, nopeDim: 128, valueDim: 128, DecodePath = DecodePath.Absorb)]
[Rope(layout: RopeLayout.Interleaved)]
[Causal]
internal partial class AbsorbedDecode;

/// <summary>The same, every step expanding the cached latents.</summary>
[Attention(dim: 2048, heads: 16)]
[LatentKV(rank: 512, ropeDim: 64, nopeDim: 128, valueDim: 128, DecodePath = DecodePath.Expand)]
[Rope(layout: RopeLayout.Interleaved)]
[Causal]
internal partial class ExpandedDecode;

/// <summary>One decoded token of a whole layer over latents, absorbed and expanded in alternation, beside what the cost formulas say.</summary>
internal static class LatentDecode
{
    public static void Run(int context)
    {
        var absorbed = AbsorbedDecode.Weights<float>.Create(1);
        var expanded = ExpandedDecode.Weights<float>.Create(1);
        var latents = new AbsorbedDecode.Cache(1);
        var rows = new ExpandedDecode.Cache(1);
        Fill(latents, context - 1);
        Fill(rows, context - 1);
        float[] x = Normal(new Random(3), AbsorbedDecode.Spec.Dim);
        var y = new float[x.Length];
        void Absorb()
        {
            AbsorbedDecode.Cpu.Decode(absorbed, x, y, latents);
            latents.Truncate(0, context - 1);
        }

        void Expand()
        {
            ExpandedDecode.Cpu.Decode(expanded, x, y, rows);
            rows.Truncate(0, context - 1);
        }

        Figures figures = Alternation.Measure(Expand, 1, Absorb, 1, rounds: 11);
        (long few, long many) = (AbsorbedDecode.Spec.DecodeFlops(context), ExpandedDecode.Spec.DecodeFlops(context));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"decode at context {context}: absorbed {1e3 / figures.Kernel:F2} ms, expanded {1e3 / figures.Limit:F2} ms, {figures.Best:F1} times as fast (median {figures.Median:F1}); FLOPs {few / 1e6:F1} M and {many / 1e6:F1} M, {(double)many / few:F1} times as many; {figures.Best * few / many:P0} of what the formulas say (median {figures.Median * few / many:P0})"));
    }

    private static void Fill(KvCache cache, int tokens)
    {
        cache.Reserve(tokens + 1);
        TokenRows block = cache.Extend(TokenRows.Uniform(1, tokens));
        cache.Append(0, Normal(new Random(2), tokens * cache.Streams[0].Width), block);
        cache.Commit(block);
    }

    private static float[] Normal(Random random, int count)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        return values;
    }
}
