using System;

namespace AttnDsl;

/// <summary>
/// Adds the mean of a query head and its key head, as projected, to both: queries and keys that share a part of their maps.
/// </summary>
/// <remarks>
/// m = (q + k) / 2 for every query head q and the key head k that it reads; q ← q + m, k ← k + the mean of m over the query heads of its group. With <see cref="QKConvAttribute"/> m is made of what the convolutions read and added to
/// what they give. No weights.
/// <para>"Compressed Convolutional Attention: Efficient Attention in a Compressed Latent Space", arXiv 2510.04476.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 2048, heads: 16)]
/// [GroupedQuery(kv: 4)]
/// [QKMean]
/// [Causal]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class QKMeanAttribute : AttentionDslAttribute
{
}
