using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Globalization;
using System.Linq;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace AttnDsl.Runtime;

/// <summary>Checks of row descriptions, caches and weights. Called by generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class RowChecks
{
    /// <summary>Refuses rows that do not describe a block of new tokens that sees itself, and ragged ones where the layer takes none.</summary>
    /// <param name="rows">From <see cref="TokenRows.Uniform"/> or <see cref="TokenRows.Ragged"/>.</param>
    /// <param name="ragged">The layer takes ragged rows.</param>
    /// <param name="parameter">The argument's name.</param>
    /// <exception cref="ArgumentException">The rows are of another kind.</exception>
    public static void Fresh(TokenRows rows, bool ragged, [CallerArgumentExpression(nameof(rows))] string parameter = "rows")
    {
        Raggedness(rows, ragged, parameter);
        if (!rows.IsSelfContained)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"{parameter}: expected a block of new tokens, from TokenRows.Uniform or TokenRows.Ragged, got rows of {rows.Tokens} queries over {rows.Keys} keys"),
                parameter);
        }
    }

    /// <summary>Refuses ragged rows where the layer takes none, and rows whose diagonal lies elsewhere than the layer's causal mask says.</summary>
    /// <param name="rows">Queries over keys.</param>
    /// <param name="ragged">The layer takes ragged rows.</param>
    /// <param name="causal">Alignment of the layer's causal mask; null without one: any rows will do.</param>
    /// <param name="parameter">The argument's name.</param>
    /// <exception cref="ArgumentException">The rows are ragged and the layer has no [Segments], or are aligned otherwise.</exception>
    public static void Core(TokenRows rows, bool ragged, CausalAlign? causal, [CallerArgumentExpression(nameof(rows))] string parameter = "rows")
    {
        Raggedness(rows, ragged, parameter);
        for (int row = 0; causal is { } align && row < rows.Batch; row++)
        {
            int expected = align == CausalAlign.TopLeft ? 0 : rows.KeyCount(row) - rows.Count(row);
            if (rows.Past(row) != expected)
            {
                throw new ArgumentException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{parameter}: expected the first query of row {row} at key {expected}, as the layer's [Causal] is aligned ({align}), got it at key {rows.Past(row)}; TokenRows.Core takes the alignment"),
                    parameter);
            }
        }
    }

    /// <summary>Refuses a cache of another layer.</summary>
    /// <typeparam name="T">Scalar type.</typeparam>
    /// <param name="cache">The cache.</param>
    /// <param name="streams">The streams that the layer keeps.</param>
    /// <exception cref="ArgumentException">The cache holds other streams.</exception>
    public static void Cache<T>(ReferenceCache<T> cache, params ReadOnlySpan<CacheStream> streams)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Cache(cache, null, streams);

    /// <summary>Refuses a cache of another layer.</summary>
    /// <typeparam name="T">Scalar type.</typeparam>
    /// <param name="cache">The cache.</param>
    /// <param name="ring">What the layer keeps of a row; null: everything.</param>
    /// <param name="streams">The streams that the layer keeps.</param>
    /// <exception cref="ArgumentException">The cache holds other streams, or is another ring.</exception>
    public static void Cache<T>(ReferenceCache<T> cache, CacheRing? ring, params ReadOnlySpan<CacheStream> streams)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(cache);
        bool equal = cache.Streams.Count == streams.Length;
        for (int s = 0; equal && s < streams.Length; s++)
        {
            equal = cache.Streams[s] == streams[s];
        }

        if (!equal)
        {
            throw new ArgumentException($"cache: expected the layer's streams {Text([.. streams])}, got {Text(cache.Streams)}", nameof(cache));
        }

        if (cache.Ring != ring)
        {
            throw new ArgumentException($"cache: expected one that keeps {Text(ring)}, as the layer's does, got one that keeps {Text(cache.Ring)}", nameof(cache));
        }
    }

    /// <summary>Zeroes what stands behind the real tokens of each row.</summary>
    /// <param name="values">[B, T, width].</param>
    /// <param name="rows">The block's rows.</param>
    /// <param name="width">Scalars per token.</param>
    public static void ClearPadding(Span<float> values, TokenRows rows, int width)
    {
        if (!rows.IsRagged)
        {
            return;
        }

        for (int row = 0; row < rows.Batch; row++)
        {
            int count = rows.Count(row);
            values.Slice(((row * rows.Tokens) + count) * width, (rows.Tokens - count) * width).Clear();
        }
    }

    /// <summary>Refuses gradients that would be written into the weights themselves.</summary>
    /// <exception cref="ArgumentException">Both are one object.</exception>
    public static void Distinct<T>(AttentionWeights<T> weights, AttentionWeights<T> gradients)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (ReferenceEquals(weights, gradients))
        {
            throw new ArgumentException("gradients: expected another object than the weights", nameof(gradients));
        }
    }

    private static void Raggedness(TokenRows rows, bool ragged, string parameter)
    {
        ArgumentNullException.ThrowIfNull(rows, parameter);
        if (rows.IsRagged && !ragged)
        {
            throw new ArgumentException($"{parameter}: expected rows of equal length without position or segment ids; ragged rows need [Segments] on the layer", parameter);
        }
    }

    private static string Text(CacheRing? ring) => ring is { } kept
        ? string.Create(CultureInfo.InvariantCulture, $"{kept.Sinks} sinks and {kept.Recent} recent tokens ({kept.Evict})")
        : "all tokens";

    private static string Text(IEnumerable<CacheStream> streams) => string.Join(
        ", ", streams.Select(stream => string.Create(CultureInfo.InvariantCulture, $"{stream.Name} [{stream.Heads}, {stream.Width}]")));
}
