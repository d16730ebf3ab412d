using System.Numerics;
using System.Threading;

namespace AttnDsl.Cli.Layers;

/// <summary>
/// A generated layer as an object: the static members of <see cref="IAttentionReference{TWeights, T}"/> or of
/// <see cref="IAttentionBackend{TWeights}"/> seen from code that learns the class only at run time. Shapes and semantics are those of
/// the contracts; what a backend writes where it is told to is returned here as a new array.
/// </summary>
internal interface ILayer<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Heads and widths of the layer.</summary>
    LayerShape Shape { get; }

    /// <summary>Weights that are all zero.</summary>
    AttentionWeights<T> ZeroWeights();

    /// <summary>Weights drawn from <paramref name="seed"/>.</summary>
    AttentionWeights<T> CreateWeights(int seed);

    /// <summary>x [B, T, dim] to [B, T, dim].</summary>
    T[] Forward(AttentionWeights<T> weights, T[] x, TokenRows rows, CancellationToken cancellationToken = default);

    /// <summary>Gradient of x; <paramref name="gradients"/> receives those of the weights.</summary>
    T[] Backward(
        AttentionWeights<T> weights,
        T[] x,
        T[] outputGradient,
        AttentionWeights<T> gradients,
        TokenRows rows,
        CancellationToken cancellationToken = default);

    /// <summary>q [B, T, queryHeads, keyWidth], k [B, S, keyHeads, keyWidth], v [B, S, valueHeads, valueWidth] to output and lse.</summary>
    CoreResult<T> Core(AttentionWeights<T> weights, T[] query, T[] key, T[] value, TokenRows rows, CancellationToken cancellationToken = default);

    /// <summary>Gradients of q, k and v; <paramref name="gradients"/> receives those of the weights the core reads.</summary>
    CoreGradients<T> CoreBackward(
        AttentionWeights<T> weights,
        T[] query,
        T[] key,
        T[] value,
        T[] outputGradient,
        AttentionWeights<T> gradients,
        TokenRows rows,
        CancellationToken cancellationToken = default);
}

/// <summary>A layer that can also take its tokens bit by bit.</summary>
internal interface ICachedLayer<T> : ILayer<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>An empty cache for that many rows.</summary>
    ILayerCache<T> CreateCache(int batch);

    /// <summary>Any number of new tokens on top of the cached ones.</summary>
    T[] Prefill(AttentionWeights<T> weights, T[] x, ILayerCache<T> cache, TokenRows rows, CancellationToken cancellationToken = default);

    /// <summary>One new token per row.</summary>
    T[] Decode(AttentionWeights<T> weights, T[] x, ILayerCache<T> cache, CancellationToken cancellationToken = default);
}
