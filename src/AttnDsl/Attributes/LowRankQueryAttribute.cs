using System;

namespace AttnDsl;

/// <summary>Queries through a bottleneck: x is projected to a normalised latent of <see cref="Rank"/> channels, and that to the query heads.</summary>
/// <remarks>
/// a = x W<sub>a</sub>ᵀ of rq channels; q = (a / √(mean(a²) + ε) · w) W<sub>b</sub>ᵀ. dim·rq + rq·H·d multiply-adds a token in place of dim·H·d; nothing else changes, and nothing more is cached.
/// <para>Weights: q_a_proj.weight [rq, dim], q_a_layernorm.weight [rq], q_b_proj.weight [H·d, rq] in place of q_proj.weight; with <c>Bias</c> of <see cref="AttentionAttribute"/> q_a_proj.bias. Under <see cref="GroupedLatentKVAttribute"/> they bear the names of its released class.</para>
/// <para>With <see cref="LatentKVAttribute"/> it is the query side of DeepSeek-V2 and V3, and stands on any other layer as well. DeepSeek-AI, "DeepSeek-V2", arXiv 2405.04434.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 7168, heads: 128)]
/// [LatentKV(rank: 512, ropeDim: 64, nopeDim: 128, valueDim: 128)]
/// [LowRankQuery(rank: 1536)]
/// [Rope(layout: RopeLayout.Interleaved)]
/// [Causal]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class LowRankQueryAttribute : AttentionDslAttribute
{
    /// <summary>Queries through a bottleneck.</summary>
    /// <param name="rank">Channels rq of the bottleneck, at least 1.</param>
    public LowRankQueryAttribute(int rank) => Rank = rank;

    /// <summary>Channels rq of the bottleneck.</summary>
    public int Rank { get; }

    /// <summary>ε of its norm, more than 0. When it is not written, 1e-6, and with <see cref="GroupedLatentKVAttribute"/> that of its latents.</summary>
    public double Eps { get; set; } = 1e-6;
}
