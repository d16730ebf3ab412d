using System;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Threading;

namespace AttnDsl;

/// <summary>A layer whose earlier tokens can be kept: causal, bottom-right aligned stacks only.</summary>
/// <typeparam name="TWeights">The layer's weights.</typeparam>
/// <typeparam name="T">Scalar type.</typeparam>
[SuppressMessage("Design", "CA1000:Do not declare static members on generic types", Justification = "Static abstract members are the contract.")]
public interface ICachedAttentionReference<TWeights, T> : IAttentionReference<TWeights, T>
    where TWeights : AttentionWeights<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>An empty cache with this layer's streams.</summary>
    /// <param name="batch">Rows, at least 1.</param>
    static abstract ReferenceCache<T> CreateCache(int batch);

    /// <summary>Runs any number of new tokens over the cached ones and adds them to the cache.</summary>
    /// <param name="weights">The layer's weights.</param>
    /// <param name="x">The new tokens, [B, T, dim].</param>
    /// <param name="cache">Earlier tokens; grows by the new ones. Unchanged when the call throws.</param>
    /// <param name="rows">The rows of the new tokens alone, <see cref="TokenRows.Uniform"/> or <see cref="TokenRows.Ragged"/>.</param>
    /// <param name="cancellationToken">Stops long runs.</param>
    /// <returns>Output of the new tokens, [B, T, dim].</returns>
    /// <exception cref="ArgumentException">A length does not fit the rows, or the cache has other streams or another batch.</exception>
    static abstract T[] Prefill(TWeights weights, ReadOnlySpan<T> x, ReferenceCache<T> cache, TokenRows rows, CancellationToken cancellationToken = default);

    /// <summary>Runs one new token per row over the cached ones and adds it to the cache.</summary>
    /// <param name="weights">The layer's weights.</param>
    /// <param name="x">One token per row, [B, 1, dim].</param>
    /// <param name="cache">Earlier tokens; grows by one per row. Unchanged when the call throws.</param>
    /// <param name="cancellationToken">Stops long runs.</param>
    /// <returns>Output, [B, 1, dim].</returns>
    /// <exception cref="ArgumentException">A length does not fit, or the cache has other streams.</exception>
    static abstract T[] Decode(TWeights weights, ReadOnlySpan<T> x, ReferenceCache<T> cache, CancellationToken cancellationToken = default);
}
