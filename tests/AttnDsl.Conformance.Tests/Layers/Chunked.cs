using System;
using System.Numerics;

namespace AttnDsl.Conformance.Tests.Layers;

/// <summary>Runs rows of equal length through a cache, a chunk at a time.</summary>
internal static class Chunked
{
    /// <param name="layer">A layer with a cache.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="x">[B, T, dim].</param>
    /// <param name="batch">B.</param>
    /// <param name="chunk">Tokens at a time; 1 takes the decoding path.</param>
    /// <returns>[B, T, dim].</returns>
    public static T[] Run<T>(ILayer<T> layer, AttentionWeights<T> weights, T[] x, int batch, int chunk)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int dim = layer.Shape.Dim;
        int tokens = x.Length / batch / dim;
        ReferenceCache<T> cache = layer.CreateCache(batch);
        var result = new T[x.Length];
        for (int start = 0; start < tokens; start += chunk)
        {
            int count = Math.Min(chunk, tokens - start);
            T[] part = Slice(x, batch, start * dim, count * dim);
            T[] y = count == 1 ? layer.Decode(weights, part, cache) : layer.Prefill(weights, part, cache, TokenRows.Uniform(batch, count));
            for (int row = 0; row < batch; row++)
            {
                y.AsSpan(row * count * dim, count * dim).CopyTo(result.AsSpan(((row * tokens) + start) * dim));
            }
        }

        return result;
    }

    /// <summary>The same part of every row.</summary>
    /// <param name="values">[B, n].</param>
    /// <param name="batch">B.</param>
    /// <param name="start">First number of the part.</param>
    /// <param name="count">Numbers of the part.</param>
    /// <returns>[B, count].</returns>
    public static T[] Slice<T>(T[] values, int batch, int start, int count)
    {
        var part = new T[batch * count];
        for (int row = 0; row < batch; row++)
        {
            values.AsSpan((row * (values.Length / batch)) + start, count).CopyTo(part.AsSpan(row * count));
        }

        return part;
    }
}
