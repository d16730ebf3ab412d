using System;
using System.Threading;
using AttnDsl.Cpu;

namespace AttnDsl;

/// <summary>
/// The attention core of a generated layer, in single precision, split where automatic differentiation splits it: the forward returns what its gradient needs, and the gradient recomputes nothing of it.
/// Learned logits come as they are, so that no weights object is needed; keys and values may lie in a cache. For runtimes that keep their own weights and their own graph.
/// </summary>
public interface IAttentionCore
{
    /// <summary>Head counts and widths.</summary>
    static abstract LayerShape Shape { get; }

    /// <summary>q, k, v to o and lse.</summary>
    /// <param name="logits">The learned logit of each score head, [scoreHeads]; empty for a layer that has none.</param>
    /// <param name="query">[B, T, queryHeads, dqk].</param>
    /// <param name="keys">[B, S, keyHeads, dqk], at any strides.</param>
    /// <param name="values">[B, S, valueHeads, dv], at any strides.</param>
    /// <param name="output">[B, T, scoreHeads, dv], overwritten.</param>
    /// <param name="lse">[B, T, scoreHeads], overwritten: natural logarithm of the visible keys' sum; or empty.</param>
    /// <param name="rows">Queries and keys of each row, over a cache or not.</param>
    /// <param name="threads">Threads to use at most; 0: the process-wide count.</param>
    /// <param name="cancellationToken">Asked between pieces of work; the output is incomplete then.</param>
    /// <exception cref="ArgumentException">A length does not fit the rows, or the rows hold what the layer was not declared for.</exception>
    static abstract void CoreForward(ReadOnlySpan<float> logits, ReadOnlySpan<float> query, HeadRows<float> keys, HeadRows<float> values, Span<float> output, Span<float> lse, TokenRows rows, int threads = 0, CancellationToken cancellationToken = default);

    /// <summary>Gradients of the core from what the forward returned.</summary>
    /// <param name="logits">As in CoreForward.</param>
    /// <param name="query">As in CoreForward.</param>
    /// <param name="key">[B, S, keyHeads, dqk], dense.</param>
    /// <param name="value">[B, S, valueHeads, dv], dense.</param>
    /// <param name="output">What the forward wrote.</param>
    /// <param name="lse">What the forward wrote.</param>
    /// <param name="outputGradient">[B, T, scoreHeads, dv].</param>
    /// <param name="queryGradient">Shape of query, overwritten.</param>
    /// <param name="keyGradient">Shape of key, overwritten.</param>
    /// <param name="valueGradient">Shape of value, overwritten.</param>
    /// <param name="logitGradient">Shape of logits, overwritten.</param>
    /// <param name="rows">As in CoreForward.</param>
    /// <param name="threads">Threads to use at most; 0: the process-wide count.</param>
    /// <param name="cancellationToken">Asked between pieces of work; the gradients are incomplete then.</param>
    /// <exception cref="ArgumentException">A length does not fit the rows, or the rows hold what the layer was not declared for.</exception>
    static abstract void CoreGradient(ReadOnlySpan<float> logits, ReadOnlySpan<float> query, ReadOnlySpan<float> key, ReadOnlySpan<float> value, ReadOnlySpan<float> output, ReadOnlySpan<float> lse, ReadOnlySpan<float> outputGradient, Span<float> queryGradient, Span<float> keyGradient, Span<float> valueGradient, Span<float> logitGradient, TokenRows rows, int threads = 0, CancellationToken cancellationToken = default);
}
