using System.Collections.Generic;
using System.Numerics;

namespace AttnDsl.Cli.Layers;

/// <summary>The cache of a reference.</summary>
internal sealed class ReferenceLayerCache<T>(ReferenceCache<T> cache) : ILayerCache<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>What the generated class takes.</summary>
    public ReferenceCache<T> Cache => cache;

    public int Batch => cache.Batch;

    public long ScalarsPerToken => cache.ScalarsPerToken;

    public IReadOnlyList<CacheStream> Streams => cache.Streams;

    public int Length(int row) => cache.Length(row);

    public void Truncate(int row, int length) => cache.Truncate(row, length);

    public void Reset() => cache.Reset();

    public T[] Read(int stream) => cache.Read(stream);
}
