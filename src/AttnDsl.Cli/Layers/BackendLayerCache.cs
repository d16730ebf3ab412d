using System.Collections.Generic;

namespace AttnDsl.Cli.Layers;

/// <summary>The cache of a backend.</summary>
internal sealed class BackendLayerCache<TCache>(TCache cache) : ILayerCache<float>
    where TCache : KvCache
{
    /// <summary>What the generated class takes.</summary>
    public TCache Cache => cache;

    public int Batch => cache.Batch;

    public long ScalarsPerToken => cache.ScalarsPerToken;

    public IReadOnlyList<CacheStream> Streams => cache.Streams;

    public int Length(int row) => cache.Length(row);

    public void Truncate(int row, int length) => cache.Truncate(row, length);

    public void Reset() => cache.Reset();

    public float[] Read(int stream) => cache.Read(stream);
}
