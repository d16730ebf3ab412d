using System;

namespace AttnDsl;

/// <summary>
/// Grouped-tied attention: one state per key/value head is the value and most of the key; the rest of the key is one rotary part that all heads share. About half the cache of <see cref="GroupedQueryAttribute"/>.
/// </summary>
/// <remarks>
/// With head width d, dr = <see cref="RopeDim"/> and Hkv key/value heads: s = x W<sub>kv</sub>ᵀ of Hkv heads of d channels, r = x W<sub>r</sub>ᵀ + b<sub>r</sub> of dr; per key/value head v = s and k = [s<sub>0…d−dr−1</sub> | rope(r)];
/// per query head q = [q<sub>0…d−dr−1</sub> | rope(q<sub>d−dr…d−1</sub>)]; s<sub>ij</sub> = ⟨q<sub>i</sub>, k<sub>j</sub>⟩ / √d. <see cref="RopeAttribute"/> is needed and turns these dr channels alone: what is tied to the value never turns.
/// <para>The number of tied states is that of the key/value heads: <see cref="GroupedQueryAttribute"/> or <see cref="MultiQueryAttribute"/> set it, and query heads share them in contiguous groups.
/// A token's cache is s and the turned r: Hkv·d + dr scalars, where separate keys and values take 2·Hkv·d.</para>
/// <para>Weights, as the released class names them: q_proj.weight [H·d, dim], kv_proj.weight [Hkv·d, dim], W_rope_k.weight [dr, dim], W_rope_k.bias [dr] (<see cref="RopeBias"/>), o_proj.weight [dim, H·d];
/// with <c>Bias</c> of <see cref="AttentionAttribute"/> also q_proj.bias and kv_proj.bias.</para>
/// <para>"Hardware-Efficient Attention for Fast Decoding", arXiv 2505.21487.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 2048, heads: 32)]
/// [GroupedQuery(kv: 8)]
/// [TiedKV(ropeDim: 32)]
/// [Rope]
/// [Causal]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class TiedKVAttribute : AttentionDslAttribute
{
    /// <summary>Keys and values of one state, with <paramref name="ropeDim"/> rotary channels beside it.</summary>
    /// <param name="ropeDim">Rotary channels dr at the end of a query or key head: even, at least 2, below the head width. Half of the head width is usual.</param>
    public TiedKVAttribute(int ropeDim) => RopeDim = ropeDim;

    /// <summary>Rotary channels dr at the end of a query or key head.</summary>
    public int RopeDim { get; }

    /// <summary>Whether the map to the shared rotary key has a bias, whatever the other projections have. Default true, as in the released class.</summary>
    public bool RopeBias { get; set; } = true;
}
