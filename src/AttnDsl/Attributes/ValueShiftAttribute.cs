using System;

namespace AttnDsl;

/// <summary>
/// Half of the value channels come from the token before: a head can read what followed a key without a layer to move it.
/// </summary>
/// <remarks>
/// v_t = [x_t Wcᵀ + bc | x_(t−1) Wdᵀ + bd], both halves Hv·d/2 channels wide, cut into heads together: the first half of the heads sees the present, an odd one in the middle half and half. x before a row's first token is 0.
/// <para>Weights: <c>v_proj_current</c> and <c>v_proj_delayed</c> (Hv·d/2, D) in the place of <c>v_proj</c>. A cache also keeps Hv·d/2 scalars, whatever the length: tokens can be taken back only from a snapshot or as far as
/// <see cref="KvCache.Reserve"/> asked for.</para>
/// <para>"Compressed Convolutional Attention: Efficient Attention in a Compressed Latent Space", arXiv 2510.04476.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 2048, heads: 16)]
/// [ValueShift]
/// [Causal]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class ValueShiftAttribute : AttentionDslAttribute
{
}
