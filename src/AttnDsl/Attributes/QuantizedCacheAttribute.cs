using System;

namespace AttnDsl;

/// <summary>
/// The layer's cache keeps old tokens as codes of 2, 4 or 8 bits, as KIVI does; the newest stay scalars of <see cref="KvCacheAttribute.Element"/>.
/// </summary>
/// <remarks>
/// A group of <see cref="Group"/> scalars x shares a minimum mn = min x and a scale s = (max x − mn) / (2<sup>bits</sup> − 1); its codes are c = round_half_even((x − mn) / s), read as c·s + mn, off by at most s / 2.
/// Keys are grouped by channel over consecutive tokens, because some of their channels are large everywhere; values by token over consecutive channels. Latents of <see cref="LatentKVAttribute"/> or <see cref="GroupedLatentKVAttribute"/> are grouped as keys are.
/// A row of n tokens has codes of the keys of its first ⌊n / residual⌋·residual tokens, and of the values of all but its last <see cref="Residual"/>. A block of new tokens attends to itself unrounded and becomes codes afterwards,
/// so outputs depend, within rounding of the codes, on how a prompt is cut into calls.
/// With float32 scales a token takes H<sub>kv</sub>·d·(bits/8 + 8/group) bytes for its keys and as many for its values: <c>Spec.CacheBytesPerToken</c>. Kernels read codes in place. No weights.
/// <para>Taking tokens back that are codes already is refused, because their scalars are gone: call <c>Reserve(n)</c> before up to n tokens that may be taken back.</para>
/// <para>Needs <see cref="CausalAttribute"/>, and contiguous storage. Liu et al., "KIVI: A Tuning-Free Asymmetric 2bit Quantization for KV Cache", arXiv 2402.02750.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 4096, heads: 32)]
/// [GroupedQuery(kv: 8)]
/// [Causal]
/// [QuantizedCache(bits: 4, Group = 32, Residual = 128)]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class QuantizedCacheAttribute : AttentionDslAttribute
{
    /// <summary>Old tokens of the cache become codes.</summary>
    /// <param name="bits">Bits of a code: 2, 4 or 8.</param>
    public QuantizedCacheAttribute(int bits) => Bits = bits;

    /// <summary>Bits of a code: 2, 4 or 8.</summary>
    public int Bits { get; }

    /// <summary>Scalars that share a scale and a minimum, at least 1; divides the channels of a value head. Default 32.</summary>
    public int Group { get; set; } = 32;

    /// <summary>Newest tokens that stay scalars; a multiple of <see cref="Group"/> and of 32 / <see cref="Bits"/>, the codes of an int32. Default 128.</summary>
    public int Residual { get; set; } = 128;
}
