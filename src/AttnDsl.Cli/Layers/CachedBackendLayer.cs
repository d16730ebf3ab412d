using System.Threading;

namespace AttnDsl.Cli.Layers;

/// <summary>Binds <see cref="ICachedLayer{T}"/> to one generated backend class.</summary>
/// <param name="threads">Threads of every call; 0 leaves it to the process.</param>
internal sealed class CachedBackendLayer<TBackend, TWeights, TCache>(int threads) : BackendLayer<TBackend, TWeights>(threads), ICachedLayer<float>
    where TBackend : ICachedAttentionBackend<TWeights, TCache>
    where TWeights : AttentionWeights<float>
    where TCache : KvCache
{
    public ILayerCache<float> CreateCache(int batch) => new BackendLayerCache<TCache>(TBackend.CreateCache(batch));

    public float[] Prefill(
        AttentionWeights<float> weights,
        float[] x,
        ILayerCache<float> cache,
        TokenRows rows,
        CancellationToken cancellationToken = default)
    {
        float[] output = Unwritten(x.Length);
        TBackend.Prefill((TWeights)weights, x, output, ((BackendLayerCache<TCache>)cache).Cache, rows, Threads, cancellationToken);
        return output;
    }

    public float[] Decode(AttentionWeights<float> weights, float[] x, ILayerCache<float> cache, CancellationToken cancellationToken = default)
    {
        float[] output = Unwritten(x.Length);
        TBackend.Decode((TWeights)weights, x, output, ((BackendLayerCache<TCache>)cache).Cache, Threads, cancellationToken);
        return output;
    }
}
