using System;
using AttnDsl;

namespace Models;

/// <summary>A layer of a published model: what the compiler knows of it, and a way to run it.</summary>
/// <param name="Name">The model.</param>
/// <param name="Shape">Head counts and widths.</param>
/// <param name="Parameters">Trainable scalars.</param>
/// <param name="CacheBytesPerToken">Bytes that a token leaves in the cache.</param>
/// <param name="PrefillFlops">FLOPs of so many fresh tokens.</param>
/// <param name="DecodeBytes">Bytes that one more token reads when so many are visible.</param>
/// <param name="Run">Runs so many tokens.</param>
public sealed record Model(
    string Name,
    LayerShape Shape,
    long Parameters,
    long CacheBytesPerToken,
    Func<long, long> PrefillFlops,
    Func<long, long> DecodeBytes,
    Func<int, ModelRun> Run)
{
    /// <summary>A model that has kernels and a cache.</summary>
    public static Model Of<TCpu, TWeights, TCache>(
        string name,
        long parameters,
        long cacheBytesPerToken,
        Func<long, long> prefillFlops,
        Func<long, long> decodeBytes,
        Func<int, TWeights> create)
        where TCpu : ICachedAttentionBackend<TWeights, TCache>
        where TWeights : AttentionWeights<float>
        where TCache : KvCache =>
        new(name, TCpu.Shape, parameters, cacheBytesPerToken, prefillFlops, decodeBytes, tokens => ModelRun.Of<TCpu, TWeights, TCache>(create(1), tokens));
}
