using System;
using System.Threading;

namespace AttnDsl;

/// <summary>The attention core of a causal layer over the layer's own cache, which it reads in place, however the cache stores it. For runtimes that keep their own weights: they append keys and values, run the core and commit.</summary>
/// <typeparam name="TCache">The layer's cache.</typeparam>
public interface ICachedAttentionCore<TCache> : IAttentionCore
    where TCache : KvCache
{
    /// <summary>New queries over cached and appended keys and values.</summary>
    /// <param name="logits">The learned logit of each score head, [scoreHeads]; empty for a layer that has none.</param>
    /// <param name="query">[B, T, queryHeads, dqk] of the new tokens.</param>
    /// <param name="cache">Extended and with all streams of the new tokens appended, not yet committed.</param>
    /// <param name="output">[B, T, scoreHeads, dv], overwritten.</param>
    /// <param name="lse">[B, T, scoreHeads], overwritten: natural logarithm of the visible keys' sum; or empty.</param>
    /// <param name="rows">What the cache's Extend returned.</param>
    /// <param name="threads">Threads to use at most; 0: the process-wide count.</param>
    /// <param name="cancellationToken">Asked between pieces of work; the output is incomplete then.</param>
    /// <exception cref="ArgumentException">A length does not fit the rows, or the rows hold what the layer was not declared for.</exception>
    static abstract void CoreForward(ReadOnlySpan<float> logits, ReadOnlySpan<float> query, TCache cache, Span<float> output, Span<float> lse, TokenRows rows, int threads = 0, CancellationToken cancellationToken = default);
}
