using System;
using System.Globalization;
using AttnDsl;

namespace Quickstart;

/// <summary>What the sample shows of one layer: constants known when it was compiled, and a run of its reference.</summary>
public sealed record LayerReport(string Name, string Heads, long Parameters, string CachePerToken, long PrefillFlops, string Decode, string Output, string Check)
{
    private const int Tokens = 32;

    /// <summary>Runs a causal layer at once and token by token over its cache.</summary>
    public static LayerReport Cached<TReference, TWeights>(string name, long parameters, long cacheScalars, Func<long, long> prefillFlops, Func<long, long> decodeBytes)
        where TReference : ICachedAttentionReference<TWeights, double>
        where TWeights : AttentionWeights<double>
    {
        TWeights weights = TReference.CreateWeights(seed: 1);
        double[] x = Input(TReference.Shape.Dim);
        double[] atOnce = TReference.Forward(weights, x, TokenRows.Uniform(1, Tokens));
        ReferenceCache<double> cache = TReference.CreateCache(batch: 1);
        double difference = 0;
        for (int t = 0; t < Tokens; t++)
        {
            double[] y = TReference.Decode(weights, x.AsSpan(t * TReference.Shape.Dim, TReference.Shape.Dim), cache);
            for (int c = 0; c < y.Length; c++)
            {
                difference = Math.Max(difference, Math.Abs(y[c] - atOnce[(t * TReference.Shape.Dim) + c]));
            }
        }

        return new LayerReport(
            name,
            HeadText(TReference.Shape),
            parameters,
            Text(cacheScalars),
            prefillFlops(4096),
            Text(decodeBytes(4096) / 1024) + " KiB",
            Numbers(atOnce),
            "token by token differs by " + difference.ToString("0.0E+0", CultureInfo.InvariantCulture));
    }

    /// <summary>Runs a layer without a cache over two rows of unequal length and compares the short one with a run of its own.</summary>
    public static LayerReport Ragged<TReference, TWeights>(string name, long parameters, Func<long, long> prefillFlops)
        where TReference : IAttentionReference<TWeights, double>
        where TWeights : AttentionWeights<double>
    {
        TWeights weights = TReference.CreateWeights(seed: 1);
        double[] row = Input(TReference.Shape.Dim);
        double[] both = TReference.Forward(weights, [.. row, .. row], TokenRows.Ragged([Tokens, Tokens / 2], Tokens));
        double[] alone = TReference.Forward(weights, row.AsSpan(0, row.Length / 2), TokenRows.Uniform(1, Tokens / 2));
        double difference = 0;
        for (int c = 0; c < alone.Length; c++)
        {
            difference = Math.Max(difference, Math.Abs(alone[c] - both[row.Length + c]));
        }

        return new LayerReport(
            name,
            HeadText(TReference.Shape),
            parameters,
            "-",
            prefillFlops(4096),
            "-",
            Numbers(both),
            "a short row differs from itself alone by " + difference.ToString("0.0E+0", CultureInfo.InvariantCulture));
    }

    private static string HeadText(LayerShape shape) => string.Create(
        CultureInfo.InvariantCulture, $"{shape.QueryHeads} / {shape.KeyHeads} / {shape.ValueHeads} x {shape.KeyWidth}");

    private static double[] Input(int dim)
    {
        var random = new Random(7);
        var x = new double[Tokens * dim];
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = (2 * random.NextDouble()) - 1;
        }

        return x;
    }

    private static string Numbers(double[] y) => string.Create(CultureInfo.InvariantCulture, $"{y[0]:0.0000} {y[1]:0.0000} {y[2]:0.0000} ..");

    private static string Text(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
