using System.Collections.Generic;
using System.Numerics;
using AttnDsl.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Cli.Layers;

/// <summary>The cache of a TorchSharp module.</summary>
internal sealed class TorchLayerCache<T>(TorchCache cache) : ILayerCache<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>What the module takes.</summary>
    public TorchCache Cache => cache;

    public int Batch => cache.Batch;

    public long ScalarsPerToken => cache.ScalarsPerToken;

    public IReadOnlyList<CacheStream> Streams => cache.Streams;

    public int Length(int row) => cache.Length(row);

    public void Truncate(int row, int length) => cache.Truncate(row, length);

    public void Reset() => cache.Reset();

    public T[] Read(int stream)
    {
        using DisposeScope scope = NewDisposeScope();
        return TorchTensors.Numbers<T>(cache.Read(stream));
    }
}
