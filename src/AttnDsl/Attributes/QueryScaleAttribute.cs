using System;

namespace AttnDsl;

/// <summary>
/// Another scale of the scores than 1/√d.
/// </summary>
/// <remarks>
/// s_ij = scale·⟨q_i, k_j⟩ with scale = preAttnScalar^(−1/2), or <see cref="Scale"/> itself. Gemma 2 27B has preAttnScalar 144 while d = 128. Give one of the two; both more than 0.
/// <para>Gemma 2, arXiv 2408.00118 (there <c>query_pre_attn_scalar</c>).</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 4608, heads: 32, headDim: 128)]
/// [QueryScale(preAttnScalar: 144)]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class QueryScaleAttribute : AttentionDslAttribute
{
    /// <summary>The scale is given by <see cref="Scale"/>.</summary>
    public QueryScaleAttribute()
    {
    }

    /// <summary>The scale is <paramref name="preAttnScalar"/>^(−1/2).</summary>
    /// <param name="preAttnScalar">What stands in for the head width under the root, more than 0.</param>
    public QueryScaleAttribute(double preAttnScalar)
    {
        PreAttnScalar = preAttnScalar;
    }

    /// <summary>What stands in for the head width under the root; 0 when <see cref="Scale"/> is given instead.</summary>
    public double PreAttnScalar { get; }

    /// <summary>The scale itself, more than 0.</summary>
    public double Scale { get; set; }
}
