using System.Numerics;
using System.Threading;

namespace AttnDsl.Cli.Layers;

/// <summary>Binds <see cref="ICachedLayer{T}"/> to one generated reference.</summary>
internal sealed class CachedLayer<TReference, TWeights, T> : Layer<TReference, TWeights, T>, ICachedLayer<T>
    where TReference : ICachedAttentionReference<TWeights, T>
    where TWeights : AttentionWeights<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public ILayerCache<T> CreateCache(int batch) => new ReferenceLayerCache<T>(TReference.CreateCache(batch));

    public T[] Prefill(
        AttentionWeights<T> weights,
        T[] x,
        ILayerCache<T> cache,
        TokenRows rows,
        CancellationToken cancellationToken = default) =>
        TReference.Prefill((TWeights)weights, x, ((ReferenceLayerCache<T>)cache).Cache, rows, cancellationToken);

    public T[] Decode(AttentionWeights<T> weights, T[] x, ILayerCache<T> cache, CancellationToken cancellationToken = default) =>
        TReference.Decode((TWeights)weights, x, ((ReferenceLayerCache<T>)cache).Cache, cancellationToken);
}
