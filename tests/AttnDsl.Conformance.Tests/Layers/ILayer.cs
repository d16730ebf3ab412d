using System;
using System.Numerics;
using System.Threading;

namespace AttnDsl.Conformance.Tests.Layers;

/// <summary>A generated layer without its type arguments, so that one test can go through many layers.</summary>
/// <typeparam name="T">Scalar type.</typeparam>
internal interface ILayer<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    LayerShape Shape { get; }

    /// <summary>The layer can be run over a cache; the members below that take one throw otherwise.</summary>
    bool IsCached { get; }

    AttentionWeights<T> Create(int seed);

    AttentionWeights<T> Zeros();

    T[] Forward(AttentionWeights<T> weights, ReadOnlySpan<T> x, TokenRows rows, CancellationToken cancellationToken = default);

    T[] Backward(AttentionWeights<T> weights, ReadOnlySpan<T> x, ReadOnlySpan<T> outputGradient, AttentionWeights<T> gradients, TokenRows rows, CancellationToken cancellationToken = default);

    CoreResult<T> Core(AttentionWeights<T> weights, ReadOnlySpan<T> query, ReadOnlySpan<T> key, ReadOnlySpan<T> value, TokenRows rows, CancellationToken cancellationToken = default);

    CoreGradients<T> CoreBackward(
        AttentionWeights<T> weights, ReadOnlySpan<T> query, ReadOnlySpan<T> key, ReadOnlySpan<T> value, ReadOnlySpan<T> outputGradient, AttentionWeights<T> gradients, TokenRows rows,
        CancellationToken cancellationToken = default);

    ReferenceCache<T> CreateCache(int batch);

    T[] Prefill(AttentionWeights<T> weights, ReadOnlySpan<T> x, ReferenceCache<T> cache, TokenRows rows, CancellationToken cancellationToken = default);

    T[] Decode(AttentionWeights<T> weights, ReadOnlySpan<T> x, ReferenceCache<T> cache, CancellationToken cancellationToken = default);
}
