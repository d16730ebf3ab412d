using System;
using System.Collections.Generic;
using System.Threading;

namespace AttnDsl.Cli.Layers;

/// <summary>
/// A reference whose cached numbers are rounded to bfloat16 after every token: naive arithmetic over the storage a backend has, to learn
/// what that storage costs. The newest token alone is seen as it was before the rounding: the reference rounds nothing by itself.
/// </summary>
/// <param name="inner">The reference in float.</param>
/// <param name="rounds">Whether a stream is stored rounded.</param>
internal sealed class StoredLayer(ICachedLayer<float> inner, Func<int, bool> rounds) : ICachedLayer<float>
{
    public LayerShape Shape => inner.Shape;

    public AttentionWeights<float> ZeroWeights() => inner.ZeroWeights();

    public AttentionWeights<float> CreateWeights(int seed) => inner.CreateWeights(seed);

    public float[] Forward(AttentionWeights<float> weights, float[] x, TokenRows rows, CancellationToken cancellationToken = default) =>
        inner.Forward(weights, x, rows, cancellationToken);

    public float[] Backward(
        AttentionWeights<float> weights,
        float[] x,
        float[] outputGradient,
        AttentionWeights<float> gradients,
        TokenRows rows,
        CancellationToken cancellationToken = default) =>
        inner.Backward(weights, x, outputGradient, gradients, rows, cancellationToken);

    public CoreResult<float> Core(
        AttentionWeights<float> weights,
        float[] query,
        float[] key,
        float[] value,
        TokenRows rows,
        CancellationToken cancellationToken = default) =>
        inner.Core(weights, query, key, value, rows, cancellationToken);

    public CoreGradients<float> CoreBackward(
        AttentionWeights<float> weights,
        float[] query,
        float[] key,
        float[] value,
        float[] outputGradient,
        AttentionWeights<float> gradients,
        TokenRows rows,
        CancellationToken cancellationToken = default) =>
        inner.CoreBackward(weights, query, key, value, outputGradient, gradients, rows, cancellationToken);

    public ILayerCache<float> CreateCache(int batch) => inner.CreateCache(batch);

    /// <summary>One token after the other, so that each sees the earlier ones as they are stored.</summary>
    /// <exception cref="ArgumentException">Ragged rows.</exception>
    public float[] Prefill(
        AttentionWeights<float> weights,
        float[] x,
        ILayerCache<float> cache,
        TokenRows rows,
        CancellationToken cancellationToken = default)
    {
        if (rows.IsRagged)
        {
            throw new ArgumentException("rows: expected rows of equal length without position or segment ids", nameof(rows));
        }

        int dim = Shape.Dim;
        float[] output = new float[x.Length];
        float[] token = new float[rows.Batch * dim];
        for (int t = 0; t < rows.Tokens; t++)
        {
            for (int b = 0; b < rows.Batch; b++)
            {
                Array.Copy(x, ((b * rows.Tokens) + t) * dim, token, b * dim, dim);
            }

            float[] found = Decode(weights, token, cache, cancellationToken);
            for (int b = 0; b < rows.Batch; b++)
            {
                Array.Copy(found, b * dim, output, ((b * rows.Tokens) + t) * dim, dim);
            }
        }

        return output;
    }

    public float[] Decode(AttentionWeights<float> weights, float[] x, ILayerCache<float> cache, CancellationToken cancellationToken = default)
    {
        float[] output = inner.Decode(weights, x, cache, cancellationToken);
        Round(((ReferenceLayerCache<float>)cache).Cache);
        return output;
    }

    /// <summary>The nearest bfloat16, ties to even.</summary>
    internal static float Round(float value)
    {
        if (float.IsNaN(value))
        {
            return value;
        }

        uint bits = BitConverter.SingleToUInt32Bits(value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }

    private void Round(ReferenceCache<float> cache)
    {
        // A ring does not show all its tokens; the newest is the one that has not been rounded.
        int length = cache.Length(0);
        int again = cache.Ring is null ? length : 1;
        List<float[]> streams = [];
        for (int stream = 0; stream < cache.Streams.Count; stream++)
        {
            float[] last = Last(cache.Read(stream), cache.Batch, cache.Held(0), again);
            streams.Add(rounds(stream) ? Array.ConvertAll(last, Round) : last);
        }

        for (int row = 0; row < cache.Batch; row++)
        {
            cache.Truncate(row, length - again);
        }

        TokenRows all = cache.Extend(TokenRows.Uniform(cache.Batch, again));
        for (int stream = 0; stream < streams.Count; stream++)
        {
            cache.Append(stream, streams[stream], all);
        }

        cache.Commit(all);
    }

    /// <summary>The last tokens of each row.</summary>
    private static float[] Last(float[] rows, int batch, int tokens, int count)
    {
        int size = rows.Length / batch / tokens;
        var last = new float[batch * count * size];
        for (int row = 0; row < batch; row++)
        {
            Array.Copy(rows, (((row + 1) * tokens) - count) * size, last, row * count * size, count * size);
        }

        return last;
    }
}
