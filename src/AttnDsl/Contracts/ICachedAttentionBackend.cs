using System;
using System.Threading;

namespace AttnDsl;

/// <summary>A fast backend of a causal layer, which runs in chunks and token by token over a cache.</summary>
/// <typeparam name="TWeights">The layer's weights.</typeparam>
/// <typeparam name="TCache">The layer's cache.</typeparam>
public interface ICachedAttentionBackend<TWeights, TCache> : IAttentionBackend<TWeights>
    where TWeights : AttentionWeights<float>
    where TCache : KvCache
{
    /// <summary>An empty cache that grows.</summary>
    static abstract TCache CreateCache(int batch);

    /// <summary>Appends a block of new tokens to the cache and attends over everything cached.</summary>
    /// <param name="weights">The layer's weights.</param>
    /// <param name="x">[B, new tokens, dim].</param>
    /// <param name="output">[B, new tokens, dim], overwritten; padding gets 0.</param>
    /// <param name="cache">Extended by the new tokens unless the call throws.</param>
    /// <param name="block">The new tokens of each row.</param>
    /// <param name="threads">Threads to use at most; 0: the process-wide count.</param>
    /// <param name="cancellationToken">Asked between pieces of work; the cache is as before then.</param>
    static abstract void Prefill(TWeights weights, ReadOnlySpan<float> x, Span<float> output, TCache cache, TokenRows block, int threads = 0, CancellationToken cancellationToken = default);

    /// <summary>Appends one new token a row and attends over everything cached.</summary>
    /// <param name="weights">The layer's weights.</param>
    /// <param name="x">[B, 1, dim].</param>
    /// <param name="output">[B, 1, dim], overwritten.</param>
    /// <param name="cache">Longer by one token a row afterwards.</param>
    /// <param name="threads">Threads to use at most; 0: the process-wide count.</param>
    /// <param name="cancellationToken">Asked between pieces of work; the cache is as before then.</param>
    static abstract void Decode(TWeights weights, ReadOnlySpan<float> x, Span<float> output, TCache cache, int threads = 0, CancellationToken cancellationToken = default);
}
