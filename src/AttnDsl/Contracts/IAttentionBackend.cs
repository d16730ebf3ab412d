using System;
using System.Threading;

namespace AttnDsl;

/// <summary>A fast backend of a generated layer, in single precision. Outputs go where the caller says; a call allocates nothing once it is warm.</summary>
/// <typeparam name="TWeights">The layer's weights.</typeparam>
public interface IAttentionBackend<TWeights>
    where TWeights : AttentionWeights<float>
{
    /// <summary>Head counts and widths.</summary>
    static abstract LayerShape Shape { get; }

    /// <summary>The layer over a fresh block of tokens.</summary>
    /// <param name="weights">The layer's weights.</param>
    /// <param name="x">[B, T, dim].</param>
    /// <param name="output">[B, T, dim], overwritten; padding gets 0. Must not overlap x.</param>
    /// <param name="rows">The block's rows.</param>
    /// <param name="threads">Threads to use at most; 0: the process-wide count.</param>
    /// <param name="cancellationToken">Asked between pieces of work; the output is incomplete then.</param>
    static abstract void Forward(TWeights weights, ReadOnlySpan<float> x, Span<float> output, TokenRows rows, int threads = 0, CancellationToken cancellationToken = default);

    /// <summary>Gradients of sum(output · outputGradient).</summary>
    /// <param name="weights">The layer's weights.</param>
    /// <param name="x">[B, T, dim].</param>
    /// <param name="outputGradient">[B, T, dim].</param>
    /// <param name="inputGradient">[B, T, dim], overwritten; padding gets 0.</param>
    /// <param name="gradients">Receives the weights' gradients; overwritten.</param>
    /// <param name="rows">As in Forward.</param>
    /// <param name="threads">Threads to use at most; 0: the process-wide count.</param>
    /// <param name="cancellationToken">Asked between pieces of work; the gradients are incomplete then.</param>
    static abstract void Backward(TWeights weights, ReadOnlySpan<float> x, ReadOnlySpan<float> outputGradient, Span<float> inputGradient, TWeights gradients, TokenRows rows, int threads = 0, CancellationToken cancellationToken = default);

    /// <summary>The attention core alone.</summary>
    /// <param name="weights">Read for learned logits only.</param>
    /// <param name="query">[B, T, queryHeads, dqk].</param>
    /// <param name="key">[B, S, keyHeads, dqk].</param>
    /// <param name="value">[B, S, valueHeads, dv].</param>
    /// <param name="output">[B, T, scoreHeads, dv], overwritten.</param>
    /// <param name="lse">[B, T, scoreHeads], overwritten: natural logarithm of the visible keys' sum; or empty.</param>
    /// <param name="rows">Queries and keys of each row.</param>
    /// <param name="threads">Threads to use at most; 0: the process-wide count.</param>
    /// <param name="cancellationToken">Asked between pieces of work; the output is incomplete then.</param>
    static abstract void Core(TWeights weights, ReadOnlySpan<float> query, ReadOnlySpan<float> key, ReadOnlySpan<float> value, Span<float> output, Span<float> lse, TokenRows rows, int threads = 0, CancellationToken cancellationToken = default);

    /// <summary>Gradients of the core.</summary>
    /// <param name="weights">Read for learned logits only.</param>
    /// <param name="query">As in Core.</param>
    /// <param name="key">As in Core.</param>
    /// <param name="value">As in Core.</param>
    /// <param name="outputGradient">[B, T, scoreHeads, dv].</param>
    /// <param name="queryGradient">Shape of query, overwritten.</param>
    /// <param name="keyGradient">Shape of key, overwritten.</param>
    /// <param name="valueGradient">Shape of value, overwritten.</param>
    /// <param name="gradients">Receives the gradients of learned logits; its other tensors are left alone.</param>
    /// <param name="rows">As in Core.</param>
    /// <param name="threads">Threads to use at most; 0: the process-wide count.</param>
    /// <param name="cancellationToken">Asked between pieces of work; the gradients are incomplete then.</param>
    static abstract void CoreBackward(TWeights weights, ReadOnlySpan<float> query, ReadOnlySpan<float> key, ReadOnlySpan<float> value, ReadOnlySpan<float> outputGradient, Span<float> queryGradient, Span<float> keyGradient, Span<float> valueGradient, TWeights gradients, TokenRows rows, int threads = 0, CancellationToken cancellationToken = default);
}
