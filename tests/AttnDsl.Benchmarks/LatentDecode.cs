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
    /// <summary>Weights are read once a token, whatever the context and the path, and memory is slow; so the part that grows with the context is told apart, by the difference to a context of one.</summary>
    public static void Run(int context)
    {
        (Figures small, Figures large) = (Measure(2), Measure(context));
        (long few, long many) = (AbsorbedDecode.Spec.DecodeFlops(context), ExpandedDecode.Spec.DecodeFlops(context));
        (long fewMore, long manyMore) = (few - AbsorbedDecode.Spec.DecodeFlops(2), many - ExpandedDecode.Spec.DecodeFlops(2));
        (double absorbed, double expanded) = ((1 / large.Kernel) - (1 / small.Kernel), (1 / large.Limit) - (1 / small.Limit));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"decode at context {context}: absorbed {1e3 / large.Kernel:F2} ms, expanded {1e3 / large.Limit:F2} ms, {large.Best:F1} times as fast (median {large.Median:F1}); FLOPs {few / 1e6:F1} M and {many / 1e6:F1} M, {(double)many / few:F1} times as many; {large.Best * few / many:P0} of what the formulas say (median {large.Median * few / many:P0})"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"of that for the context: absorbed {1e3 * absorbed:F2} ms, expanded {1e3 * expanded:F2} ms, {expanded / absorbed:F1} times as fast; FLOPs {fewMore / 1e6:F1} M and {manyMore / 1e6:F1} M, {(double)manyMore / fewMore:F1} times as many; {expanded / absorbed * fewMore / manyMore:P0} of what the formulas say"));
    }

    private static Figures Measure(int context)
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

        return Alternation.Measure(Expand, 1, Absorb, 1, rounds: 15);
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
