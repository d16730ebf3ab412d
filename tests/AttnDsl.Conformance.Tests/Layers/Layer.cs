using System;
using System.Numerics;
using System.Threading;

namespace AttnDsl.Conformance.Tests.Layers;

/// <summary>A generated layer that cannot be run over a cache.</summary>
internal class Layer<TReference, TWeights, T> : ILayer<T>
    where TReference : IAttentionReference<TWeights, T>
    where TWeights : AttentionWeights<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public LayerShape Shape => TReference.Shape;

    public virtual bool IsCached => false;

    public AttentionWeights<T> Create(int seed) => TReference.CreateWeights(seed);

    public AttentionWeights<T> Zeros() => TReference.ZeroWeights();

    public T[] Forward(AttentionWeights<T> weights, ReadOnlySpan<T> x, TokenRows rows, CancellationToken cancellationToken = default) =>
        TReference.Forward((TWeights)weights, x, rows, cancellationToken);

    public T[] Backward(AttentionWeights<T> weights, ReadOnlySpan<T> x, ReadOnlySpan<T> outputGradient, AttentionWeights<T> gradients, TokenRows rows, CancellationToken cancellationToken = default) =>
        TReference.Backward((TWeights)weights, x, outputGradient, (TWeights)gradients, rows, cancellationToken);

    public CoreResult<T> Core(AttentionWeights<T> weights, ReadOnlySpan<T> query, ReadOnlySpan<T> key, ReadOnlySpan<T> value, TokenRows rows, CancellationToken cancellationToken = default) =>
        TReference.Core((TWeights)weights, query, key, value, rows, cancellationToken);

    public CoreGradients<T> CoreBackward(
        AttentionWeights<T> weights, ReadOnlySpan<T> query, ReadOnlySpan<T> key, ReadOnlySpan<T> value, ReadOnlySpan<T> outputGradient, AttentionWeights<T> gradients, TokenRows rows,
        CancellationToken cancellationToken = default) =>
        TReference.CoreBackward((TWeights)weights, query, key, value, outputGradient, (TWeights)gradients, rows, cancellationToken);

    public virtual ReferenceCache<T> CreateCache(int batch) => throw NotCached();

    public virtual T[] Prefill(AttentionWeights<T> weights, ReadOnlySpan<T> x, ReferenceCache<T> cache, TokenRows rows, CancellationToken cancellationToken = default) => throw NotCached();

    public virtual T[] Decode(AttentionWeights<T> weights, ReadOnlySpan<T> x, ReferenceCache<T> cache, CancellationToken cancellationToken = default) => throw NotCached();

    private static NotSupportedException NotCached() => new($"{typeof(TReference)} has no cache.");
}

/// <summary>A generated layer that can.</summary>
internal sealed class CachedLayer<TReference, TWeights, T> : Layer<TReference, TWeights, T>
    where TReference : ICachedAttentionReference<TWeights, T>
    where TWeights : AttentionWeights<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public override bool IsCached => true;

    public override ReferenceCache<T> CreateCache(int batch) => TReference.CreateCache(batch);

    public override T[] Prefill(AttentionWeights<T> weights, ReadOnlySpan<T> x, ReferenceCache<T> cache, TokenRows rows, CancellationToken cancellationToken = default) =>
        TReference.Prefill((TWeights)weights, x, cache, rows, cancellationToken);

    public override T[] Decode(AttentionWeights<T> weights, ReadOnlySpan<T> x, ReferenceCache<T> cache, CancellationToken cancellationToken = default) =>
        TReference.Decode((TWeights)weights, x, cache, cancellationToken);
}
