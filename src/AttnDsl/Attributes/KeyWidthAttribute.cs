using System;

namespace AttnDsl;

/// <summary>
/// Keys are projected and cached narrower than queries and widened when they are read: less cache for a product per cached token.
/// </summary>
/// <remarks>
/// k = (x Wkᵀ) Weᵀ per head, the same matrix for every key head; norm and rotation come after it, at the full width d. The cache holds the narrow keys before the rotation, Hk·w scalars per token, because
/// widening does not commute with it. The score scale is that of d.
/// <para>Weights: <c>k_proj.weight</c> (Hk·w, D), <c>k_expand.weight</c> (d, w).</para>
/// <para>"Sigma: Differential Rescaling of Query, Key and Value for Efficient Language Models", arXiv 2501.13629.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 2048, heads: 32, headDim: 64)]
/// [GroupedQuery(keyHeads: 16, valueHeads: 16)]
/// [KeyWidth(32)]
/// [Rope]
/// [Causal]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class KeyWidthAttribute : AttentionDslAttribute
{
    /// <summary>Keys of <paramref name="width"/> channels per head.</summary>
    /// <param name="width">Channels w of a cached key head: at least 1, below the head width.</param>
    public KeyWidthAttribute(int width)
    {
        Width = width;
    }

    /// <summary>Channels w of a cached key head.</summary>
    public int Width { get; }
}
