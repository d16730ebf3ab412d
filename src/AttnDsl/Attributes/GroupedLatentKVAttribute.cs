using System;

namespace AttnDsl;

/// <summary>
/// Grouped latent attention: several normalised latents per token, each for the keys and values of a contiguous group of heads, beside one rotary key that all heads share.
/// </summary>
/// <remarks>
/// With g = <see cref="Groups"/>, r = <see cref="Rank"/>, dn, dr, dv the widths below and H query heads: [c<sub>1</sub> … c<sub>g</sub> | k<sup>r</sup>] = x W<sub>d</sub>ᵀ, g times r channels and dr; each latent has a norm of its own, ĉ<sub>i</sub> = c<sub>i</sub> / √(mean(c<sub>i</sub>²) + ε) · w<sub>i</sub>;
/// head h reads latent i = h // (H/g): [k<sup>n</sup> | v] = ĉ<sub>i</sub> W<sub>i</sub>ᵀ of dn + dv channels; queries are [q<sup>n</sup> | q<sup>r</sup>]; s<sub>ij</sub> = (⟨q<sup>n</sup><sub>i</sub>, k<sup>n</sup><sub>j</sub>⟩ + ⟨q<sup>r</sup><sub>i</sub>, k<sup>r</sup><sub>j</sub>⟩) / √(dn + dr).
/// One latent is <see cref="LatentKVAttribute"/> but for biases and names; several can be shared out among devices.
/// <para><see cref="RopeAttribute"/> turns q<sup>r</sup> and k<sup>r</sup> alone; <see cref="YarnAttribute"/> takes DeepSeek's form here where it does not say otherwise.</para>
/// <para>A token's cache is the normalised latents and the turned k<sup>r</sup>: g·r + dr scalars. A call over the cache either expands the latents to heads, or absorbs W<sub>i</sub> into the queries and outputs of its group and attends to the latents themselves: the same function, see <see cref="DecodePath"/>.</para>
/// <para>Weights, as the released class names them: W_dKV.weight [g·r + dr, dim], kv_norm_1.weight … [r], W_ukv_1.weight … [H/g·(dn + dv), r], o_proj.weight [dim, H·dv]; queries q_proj.weight [H·(dn + dr), dim], or with <see cref="LowRankQueryAttribute"/> of rank q
/// W_dQ.weight [q, dim], q_norm.weight [q], W_uQ_rope.weight [H·(dn + dr), q]. With <c>Bias</c> of <see cref="AttentionAttribute"/>, as in the released class, each of them but o_proj and the norms has a .bias.
/// That class has one ε for all norms: a <see cref="LowRankQueryAttribute"/> that writes none takes <see cref="Eps"/>.</para>
/// <para>There are no key/value heads to choose, so <see cref="GroupedQueryAttribute"/>, <see cref="MultiQueryAttribute"/> and presets that fix them are refused.
/// "Hardware-Efficient Attention for Fast Decoding", arXiv 2505.21487.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 2048, heads: 16, Bias = true)]
/// [GroupedLatentKV(groups: 2, rank: 256, ropeDim: 64)]
/// [LowRankQuery(rank: 1024)]
/// [Rope]
/// [Causal]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class GroupedLatentKVAttribute : AttentionDslAttribute
{
    /// <summary>Keys and values from several latents; the rotary width is half of the head width.</summary>
    /// <param name="groups">Latents g: from 1 to 64, a divisor of the number of query heads.</param>
    /// <param name="rank">Channels r of each latent, at least 1. Twice the head width is usual.</param>
    public GroupedLatentKVAttribute(int groups, int rank)
    {
        Groups = groups;
        Rank = rank;
    }

    /// <summary>Keys and values from several latents.</summary>
    /// <param name="groups">Latents g: from 1 to 64, a divisor of the number of query heads.</param>
    /// <param name="rank">Channels r of each latent, at least 1. Twice the head width is usual.</param>
    /// <param name="ropeDim">Rotary channels dr of a query head and of the shared key: even, 0 without rotation.</param>
    public GroupedLatentKVAttribute(int groups, int rank, int ropeDim)
        : this(groups, rank)
    {
        RopeDim = ropeDim;
    }

    /// <summary>Latents g of a token.</summary>
    public int Groups { get; }

    /// <summary>Channels r of each latent.</summary>
    public int Rank { get; }

    /// <summary>Rotary channels dr of a query head and of the shared key. When it is not written, half of the head width, rounded down to an even number, and 0 on a layer without <see cref="RopeAttribute"/>.</summary>
    public int RopeDim { get; set; }

    /// <summary>Channels dn of a query or key head that nothing turns. When it is not written, the head width.</summary>
    public int NopeDim { get; set; }

    /// <summary>Channels dv of a value head. When it is not written, the head width.</summary>
    public int ValueDim { get; set; }

    /// <summary>Whether the latents are normalised; the rotary key never is. Default true.</summary>
    public bool LatentNorm { get; set; } = true;

    /// <summary>ε of the latents' norms, more than 0. Default 1e-6.</summary>
    public double Eps { get; set; } = 1e-6;

    /// <summary>What a call over the cache does with the latents. Default <see cref="DecodePath.Auto"/>.</summary>
    public DecodePath DecodePath { get; set; }
}
