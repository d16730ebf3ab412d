using System;
using AttnDsl;

namespace Quickstart;

/// <summary>A layer's costs, and what it did here: times on the CPU backend, and how far that is from the reference.</summary>
/// <param name="Costs">What was known before.</param>
/// <param name="Shape">Head counts and widths.</param>
/// <param name="Prefill">Time of <see cref="Tokens"/> fresh tokens.</param>
/// <param name="Decode">Time of one more token after them; null for a layer without a cache.</param>
/// <param name="Error">Largest difference from the reference, as a share of the largest output.</param>
public sealed record LayerReport(LayerCosts Costs, LayerShape Shape, TimeSpan Prefill, TimeSpan? Decode, double Error)
{
    /// <summary>Tokens that are timed.</summary>
    public const int Tokens = 512;

    /// <summary>Tokens that are compared: more than the windows of the layers hold.</summary>
    public const int Compared = 160;

    private const int DecodedAtOnce = 16;

    /// <summary>Runs a causal layer in one block and token by token over its cache.</summary>
    public static LayerReport Cached<TReference, TDouble, TCpu, TSingle, TCache>(LayerCosts costs, Func<TSingle> zeroWeights)
        where TReference : IAttentionReference<TDouble, double>
        where TDouble : AttentionWeights<double>
        where TCpu : ICachedAttentionBackend<TSingle, TCache>
        where TSingle : AttentionWeights<float>
        where TCache : KvCache
    {
        int dim = TCpu.Shape.Dim;
        (TDouble weights, TSingle single) = Weights<TReference, TDouble, TSingle>(zeroWeights);

        double[] x = Input(Compared * dim);
        float[] same = Single(x);
        var y = new float[x.Length];
        TCache cache = TCpu.CreateCache(batch: 1);
        const int Block = Compared / 2;
        TCpu.Prefill(single, same.AsSpan(0, Block * dim), y.AsSpan(0, Block * dim), cache, TokenRows.Uniform(1, Block));
        for (int t = Block; t < Compared; t++)
        {
            TCpu.Decode(single, same.AsSpan(t * dim, dim), y.AsSpan(t * dim, dim), cache);
        }

        double error = Difference(TReference.Forward(weights, x, TokenRows.Uniform(1, Compared)), y);

        float[] block = Single(Input(Tokens * dim));
        var output = new float[block.Length];
        TokenRows rows = TokenRows.Uniform(1, Tokens);
        TimeSpan prefill = Timing.Best(() =>
        {
            cache.Reset();
            TCpu.Prefill(single, block, output, cache, rows);
        });
        TimeSpan decode = Timing.Best(() =>
        {
            cache.Truncate(row: 0, Tokens);
            for (int i = 0; i < DecodedAtOnce; i++)
            {
                TCpu.Decode(single, block.AsSpan(i * dim, dim), output.AsSpan(0, dim), cache);
            }
        });
        return new LayerReport(costs, TCpu.Shape, prefill, decode / DecodedAtOnce, error);
    }

    /// <summary>Runs a layer that has no cache in one block.</summary>
    public static LayerReport Fresh<TReference, TDouble, TCpu, TSingle>(LayerCosts costs, Func<TSingle> zeroWeights)
        where TReference : IAttentionReference<TDouble, double>
        where TDouble : AttentionWeights<double>
        where TCpu : IAttentionBackend<TSingle>
        where TSingle : AttentionWeights<float>
    {
        int dim = TCpu.Shape.Dim;
        (TDouble weights, TSingle single) = Weights<TReference, TDouble, TSingle>(zeroWeights);

        double[] x = Input(Compared * dim);
        var y = new float[x.Length];
        TCpu.Forward(single, Single(x), y, TokenRows.Uniform(1, Compared));
        double error = Difference(TReference.Forward(weights, x, TokenRows.Uniform(1, Compared)), y);

        float[] block = Single(Input(Tokens * dim));
        var output = new float[block.Length];
        TokenRows rows = TokenRows.Uniform(1, Tokens);
        return new LayerReport(costs, TCpu.Shape, Timing.Best(() => TCpu.Forward(single, block, output, rows)), Decode: null, error);
    }

    private static (TDouble Weights, TSingle Single) Weights<TReference, TDouble, TSingle>(Func<TSingle> zeroWeights)
        where TReference : IAttentionReference<TDouble, double>
        where TDouble : AttentionWeights<double>
        where TSingle : AttentionWeights<float>
    {
        TDouble weights = TReference.CreateWeights(seed: 1);
        TSingle single = zeroWeights();
        weights.CopyTo(single);
        return (weights, single);
    }

    private static double[] Input(int count)
    {
        var random = new Random(7);
        var x = new double[count];
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = (2 * random.NextDouble()) - 1;
        }

        return x;
    }

    private static float[] Single(double[] x) => Array.ConvertAll(x, value => (float)value);

    private static double Difference(double[] expected, float[] actual)
    {
        double difference = 0, largest = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            difference = Math.Max(difference, Math.Abs(expected[i] - actual[i]));
            largest = Math.Max(largest, Math.Abs(expected[i]));
        }

        return difference / largest;
    }
}
