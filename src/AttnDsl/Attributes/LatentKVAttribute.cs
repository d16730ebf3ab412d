using System;

namespace AttnDsl;

/// <summary>
/// Multi-head latent attention: keys and values of all heads are linear in one normalised latent per token, beside one rotary key that all heads share. Only these two are cached.
/// </summary>
/// <remarks>
/// With r = <see cref="Rank"/>, dn, dr, dv the widths below and H query heads: [c | k<sup>r</sup>] = x W<sub>a</sub>ᵀ with c of r channels and k<sup>r</sup> of dr; ĉ = c / √(mean(c²) + ε) · w;
/// per head [k<sup>n</sup> | v] = ĉ W<sub>b</sub>ᵀ of dn + dv channels; queries are [q<sup>n</sup> | q<sup>r</sup>]; s<sub>ij</sub> = (⟨q<sup>n</sup><sub>i</sub>, k<sup>n</sup><sub>j</sub>⟩ + ⟨q<sup>r</sup><sub>i</sub>, k<sup>r</sup><sub>j</sub>⟩) / √(dn + dr).
/// <see cref="RopeAttribute"/> turns q<sup>r</sup> and k<sup>r</sup> alone; <see cref="YarnAttribute"/> takes DeepSeek's form here where it does not say otherwise.
/// <para>A token's cache is ĉ and the turned k<sup>r</sup>: r + dr scalars, whatever the heads. A call over the cache either expands the latents to heads, or absorbs W<sub>b</sub> into the query and the output and attends to the latents themselves: the same function, see <see cref="DecodePath"/>.</para>
/// <para>Weights, as Hugging Face's DeepSeek classes name them: q_proj.weight [H·(dn + dr), dim], kv_a_proj_with_mqa.weight [r + dr, dim], kv_a_layernorm.weight [r], kv_b_proj.weight [H·(dn + dv), r], o_proj.weight [dim, H·dv];
/// with <c>Bias</c> of <see cref="AttentionAttribute"/> kv_a_proj_with_mqa.bias. A low-rank query is another attribute, <see cref="LowRankQueryAttribute"/>.</para>
/// <para>There are no key/value heads to choose, so <see cref="GroupedQueryAttribute"/>, <see cref="MultiQueryAttribute"/> and presets that fix them are refused.
/// DeepSeek-AI, "DeepSeek-V2", arXiv 2405.04434; "DeepSeek-V3 Technical Report", arXiv 2412.19437.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 2048, heads: 16)]
/// [LatentKV(rank: 512, ropeDim: 64, nopeDim: 128, valueDim: 128)]
/// [Rope(layout: RopeLayout.Interleaved)]
/// [Causal]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class LatentKVAttribute : AttentionDslAttribute
{
    /// <summary>Keys and values from one latent; widths from the head width d: dn = dv = d, and dr half of it.</summary>
    /// <param name="rank">Channels r of the latent, at least 1.</param>
    public LatentKVAttribute(int rank) => Rank = rank;

    /// <summary>Keys and values from one latent.</summary>
    /// <param name="rank">Channels r of the latent, at least 1.</param>
    /// <param name="ropeDim">Rotary channels dr of a query head and of the shared key: even, 0 without rotation.</param>
    /// <param name="nopeDim">Channels dn of a query or key head that nothing turns, at least 1.</param>
    /// <param name="valueDim">Channels dv of a value head, at least 1.</param>
    public LatentKVAttribute(int rank, int ropeDim, int nopeDim, int valueDim)
        : this(rank)
    {
        RopeDim = ropeDim;
        NopeDim = nopeDim;
        ValueDim = valueDim;
    }

    /// <summary>Channels r of the latent.</summary>
    public int Rank { get; }

    /// <summary>Rotary channels dr of a query head and of the shared key. When it is not written, half of the head width, rounded down to an even number, and 0 on a layer without <see cref="RopeAttribute"/>.</summary>
    public int RopeDim { get; set; }

    /// <summary>Channels dn of a query or key head that nothing turns. When it is not written, the head width.</summary>
    public int NopeDim { get; set; }

    /// <summary>Channels dv of a value head. When it is not written, the head width.</summary>
    public int ValueDim { get; set; }

    /// <summary>Whether the latent is normalised; the rotary key never is. Default true.</summary>
    public bool LatentNorm { get; set; } = true;

    /// <summary>ε of the latent's norm, more than 0. Default 1e-6.</summary>
    public double Eps { get; set; } = 1e-6;

    /// <summary>What a call over the cache does with the latents. Default <see cref="DecodePath.Auto"/>.</summary>
    public DecodePath DecodePath { get; set; }
}
