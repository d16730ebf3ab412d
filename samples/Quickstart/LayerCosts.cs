using System;

namespace Quickstart;

/// <summary>What is known of a layer when it is compiled.</summary>
/// <param name="Name">Its class.</param>
/// <param name="Parameters">Trainable scalars.</param>
/// <param name="CacheBytesPerToken">0: it has no cache.</param>
/// <param name="PrefillFlops">FLOPs of so many fresh tokens.</param>
/// <param name="DecodeBytes">Bytes that one more token reads, weights and cache, when so many are visible.</param>
public sealed record LayerCosts(string Name, long Parameters, long CacheBytesPerToken, Func<long, long> PrefillFlops, Func<long, long> DecodeBytes)
{
    /// <summary>Tokens that costs are shown for.</summary>
    public const int Tokens = 4096;
}
