using System;
using System.Threading;

namespace AttnDsl.Conformance.Tests.Stories;

/// <summary>Projections of the hand-written attention, named as the generated class names them.</summary>
public sealed class NaiveWeights() : AttentionWeights<double>(
    [Matrix("q_proj.weight", 64, 64), Matrix("k_proj.weight", 32, 64), Matrix("v_proj.weight", 32, 64), Matrix("o_proj.weight", 64, 64)],
    layout: null)
{
    private static WeightDeclaration Matrix(string name, int outputs, int inputs) => new(name, [outputs, inputs], Initialisation.Normal, 0.02);
}

/// <summary>
/// An oracle for the attention of the TinyStories model, written from its formulas by hand: one sequence, one query at a time. It tells a mistake in the
/// model around the attention from a mistake in the generated attention.
/// </summary>
public sealed class NaiveAttention : ICachedAttentionReference<NaiveWeights, double>
{
    private const int Dim = 64, Heads = 8, KvHeads = 4, Width = 8;
    private const double Theta = 10000;

    private NaiveAttention()
    {
    }

    public static LayerShape Shape { get; } = new(Dim, Heads, KvHeads, KvHeads, Heads, Width, Width, CausalAlign.BottomRight, Segments: false);

    public static NaiveWeights ZeroWeights() => new();

    public static NaiveWeights CreateWeights(int seed)
    {
        var weights = new NaiveWeights();
        weights.Initialise(seed);
        return weights;
    }

    public static ReferenceCache<double> CreateCache(int batch) =>
        new(batch, new CacheStream("k", KvHeads, Width), new CacheStream("v", KvHeads, Width));

    public static double[] Forward(NaiveWeights weights, ReadOnlySpan<double> x, TokenRows rows, CancellationToken cancellationToken = default) =>
        Prefill(weights, x, CreateCache(1), rows, cancellationToken);

    public static double[] Decode(NaiveWeights weights, ReadOnlySpan<double> x, ReferenceCache<double> cache, CancellationToken cancellationToken = default) =>
        Prefill(weights, x, cache, TokenRows.Uniform(1, 1), cancellationToken);

    public static double[] Prefill(
        NaiveWeights weights, ReadOnlySpan<double> x, ReferenceCache<double> cache, TokenRows rows, CancellationToken cancellationToken = default)
    {
        int past = cache.Length(0);
        double[] query = Rotate(Project(x, weights["q_proj.weight"].Data, Dim), Heads, past);
        double[] key = Rotate(Project(x, weights["k_proj.weight"].Data, Dim), KvHeads, past);
        double[] value = Project(x, weights["v_proj.weight"].Data, Dim);

        TokenRows extended = cache.Extend(rows);
        double[] keys = cache.Append(0, key, extended);
        double[] values = cache.Append(1, value, extended);
        cache.Commit(extended);

        var mixed = new double[query.Length];
        for (int token = 0; token < rows.Tokens; token++)
        {
            for (int head = 0; head < Heads; head++)
            {
                int kvHead = head / (Heads / KvHeads);
                int at = (token * Heads + head) * Width;
                Attend(query.AsSpan(at, Width), keys, values, kvHead, past + token + 1, mixed.AsSpan(at, Width));
            }
        }

        return Project(mixed, weights["o_proj.weight"].Data, Dim);
    }

    public static double[] Backward(
        NaiveWeights weights, ReadOnlySpan<double> x, ReadOnlySpan<double> outputGradient, NaiveWeights gradients, TokenRows rows,
        CancellationToken cancellationToken = default) => throw ForwardOnly();

    public static CoreResult<double> Core(
        NaiveWeights weights, ReadOnlySpan<double> query, ReadOnlySpan<double> key, ReadOnlySpan<double> value, TokenRows rows,
        CancellationToken cancellationToken = default) => throw ForwardOnly();

    public static CoreGradients<double> CoreBackward(
        NaiveWeights weights, ReadOnlySpan<double> query, ReadOnlySpan<double> key, ReadOnlySpan<double> value, ReadOnlySpan<double> outputGradient,
        NaiveWeights gradients, TokenRows rows, CancellationToken cancellationToken = default) => throw ForwardOnly();

    /// <summary>softmax(q kᵀ / √width) v over the first <paramref name="visible"/> keys.</summary>
    private static void Attend(ReadOnlySpan<double> query, double[] keys, double[] values, int kvHead, int visible, Span<double> result)
    {
        var scores = new double[visible];
        double maximum = double.NegativeInfinity;
        for (int j = 0; j < visible; j++)
        {
            for (int i = 0; i < Width; i++)
            {
                scores[j] += query[i] * keys[(j * KvHeads + kvHead) * Width + i];
            }

            scores[j] /= Math.Sqrt(Width);
            maximum = Math.Max(maximum, scores[j]);
        }

        double total = 0;
        for (int j = 0; j < visible; j++)
        {
            double weight = Math.Exp(scores[j] - maximum);
            total += weight;
            for (int i = 0; i < Width; i++)
            {
                result[i] += weight * values[(j * KvHeads + kvHead) * Width + i];
            }
        }

        for (int i = 0; i < Width; i++)
        {
            result[i] /= total;
        }
    }

    /// <summary>Turns each pair (2i, 2i + 1) of every head by position · θ^(−2i / width).</summary>
    private static double[] Rotate(double[] x, int heads, int past)
    {
        for (int at = 0; at < x.Length; at += 2)
        {
            int position = past + at / (heads * Width);
            (double sin, double cos) = Math.SinCos(position * Math.Pow(Theta, -(double)(at % Width) / Width));
            (x[at], x[at + 1]) = (x[at] * cos - x[at + 1] * sin, x[at] * sin + x[at + 1] * cos);
        }

        return x;
    }

    private static double[] Project(ReadOnlySpan<double> x, double[] weight, int inputs)
    {
        int outputs = weight.Length / inputs;
        var result = new double[x.Length / inputs * outputs];
        for (int i = 0; i < result.Length; i++)
        {
            for (int k = 0; k < inputs; k++)
            {
                result[i] += x[i / outputs * inputs + k] * weight[i % outputs * inputs + k];
            }
        }

        return result;
    }

    private static NotSupportedException ForwardOnly() => new("The oracle runs the whole layer forward and nothing else.");
}
