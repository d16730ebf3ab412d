using System;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Threading;

namespace AttnDsl;

/// <summary>
/// One attention layer in its plainest form: materialised scores, one loop per formula. The generated <c>Reference</c> class implements it, so that tools and tests drive any layer the same way.
/// </summary>
/// <remarks>All arrays are dense and row-major. A padded token (index ≥ <see cref="TokenRows.Count"/> of its row) gets output 0 and gradient 0, and nobody sees it.</remarks>
/// <typeparam name="TWeights">The layer's weights.</typeparam>
/// <typeparam name="T">Scalar type.</typeparam>
[SuppressMessage("Design", "CA1000:Do not declare static members on generic types", Justification = "Static abstract members are the contract.")]
public interface IAttentionReference<TWeights, T>
    where TWeights : AttentionWeights<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Head counts and widths of the layer.</summary>
    static abstract LayerShape Shape { get; }

    /// <summary>Freshly initialised weights; see <see cref="AttentionWeights{T}.Initialise"/>.</summary>
    /// <param name="seed">Any number; equal seeds give equal weights.</param>
    static abstract TWeights CreateWeights(int seed);

    /// <summary>Weights that are all 0: what <see cref="Backward"/> writes gradients into.</summary>
    static abstract TWeights ZeroWeights();

    /// <summary>The whole layer over the tokens of a block that see each other and nothing before.</summary>
    /// <param name="weights">The layer's weights.</param>
    /// <param name="x">Input, [B, T, dim].</param>
    /// <param name="rows">Which tokens of the block are real, and where they sit; <see cref="TokenRows.Keys"/> equals <see cref="TokenRows.Tokens"/>.</param>
    /// <param name="cancellationToken">Stops long runs.</param>
    /// <returns>Output, [B, T, dim].</returns>
    /// <exception cref="ArgumentException">A length does not fit the rows, or the rows hold what the layer was not declared for.</exception>
    static abstract T[] Forward(TWeights weights, ReadOnlySpan<T> x, TokenRows rows, CancellationToken cancellationToken = default);

    /// <summary>Gradients of the loss Σ output · <paramref name="outputGradient"/> with respect to the input and all weights.</summary>
    /// <param name="weights">The layer's weights.</param>
    /// <param name="x">Input, [B, T, dim].</param>
    /// <param name="outputGradient">Gradient with respect to the output, [B, T, dim].</param>
    /// <param name="gradients">Receives the gradients of the weights; what it held is overwritten.</param>
    /// <param name="rows">As in <see cref="Forward"/>.</param>
    /// <param name="cancellationToken">Stops long runs.</param>
    /// <returns>Gradient with respect to x, [B, T, dim].</returns>
    /// <exception cref="ArgumentException">A length does not fit the rows, or the rows hold what the layer was not declared for.</exception>
    static abstract T[] Backward(TWeights weights, ReadOnlySpan<T> x, ReadOnlySpan<T> outputGradient, TWeights gradients, TokenRows rows, CancellationToken cancellationToken = default);

    /// <summary>The attention core alone: from projected, normed and rotated q, k, v to weighted values.</summary>
    /// <param name="weights">The layer's weights; the core reads those that live in it, such as sink logits.</param>
    /// <param name="query">[B, T, queryHeads, keyWidth].</param>
    /// <param name="key">[B, S, keyHeads, keyWidth].</param>
    /// <param name="value">[B, S, valueHeads, valueWidth].</param>
    /// <param name="rows">T queries over S keys.</param>
    /// <param name="cancellationToken">Stops long runs.</param>
    /// <returns>Output and row-wise log-sum-exp.</returns>
    /// <exception cref="ArgumentException">A length does not fit the rows, or the rows are ragged or aligned as the layer was not declared.</exception>
    static abstract CoreResult<T> Core(TWeights weights, ReadOnlySpan<T> query, ReadOnlySpan<T> key, ReadOnlySpan<T> value, TokenRows rows, CancellationToken cancellationToken = default);

    /// <summary>Gradients of the loss Σ output · <paramref name="outputGradient"/> with respect to the core's inputs and the weights that live in it.</summary>
    /// <param name="weights">The layer's weights.</param>
    /// <param name="query">[B, T, queryHeads, keyWidth].</param>
    /// <param name="key">[B, S, keyHeads, keyWidth].</param>
    /// <param name="value">[B, S, valueHeads, valueWidth].</param>
    /// <param name="outputGradient">Gradient with respect to the core's output, [B, T, scoreHeads, valueWidth].</param>
    /// <param name="gradients">Receives the gradients of the core's weights; those of all other weights become 0.</param>
    /// <param name="rows">As in <see cref="Core"/>.</param>
    /// <param name="cancellationToken">Stops long runs.</param>
    /// <returns>Gradients with respect to q, k and v.</returns>
    /// <exception cref="ArgumentException">A length does not fit the rows, or the rows are ragged or aligned as the layer was not declared.</exception>
    static abstract CoreGradients<T> CoreBackward(TWeights weights, ReadOnlySpan<T> query, ReadOnlySpan<T> key, ReadOnlySpan<T> value, ReadOnlySpan<T> outputGradient, TWeights gradients, TokenRows rows, CancellationToken cancellationToken = default);
}
