using System.Collections.Generic;
using System.Numerics;

namespace AttnDsl.Cli.Layers;

/// <summary>A layer's cache as an object, whoever keeps it: what a <see cref="ReferenceCache{T}"/> and a <see cref="KvCache"/> have in common.</summary>
internal interface ILayerCache<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Rows.</summary>
    int Batch { get; }

    /// <summary>Scalars kept per token, all streams together.</summary>
    long ScalarsPerToken { get; }

    /// <summary>What is kept, in the order of the stream numbers.</summary>
    IReadOnlyList<CacheStream> Streams { get; }

    /// <summary>Cached tokens of a row.</summary>
    int Length(int row);

    /// <summary>Forgets a row's tokens from <paramref name="length"/> on.</summary>
    void Truncate(int row, int length);

    /// <summary>Forgets all tokens of all rows.</summary>
    void Reset();

    /// <summary>A dense copy of one stream as it is stored, [B, longest row, heads, width]; padding is 0.</summary>
    T[] Read(int stream);
}
