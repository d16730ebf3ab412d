using System;

namespace AttnDsl;

/// <summary>
/// A gated feed-forward on the whole projected query: more capacity on the one operand that no cache keeps.
/// </summary>
/// <remarks>
/// q = (silu(q0 Wgᵀ) ⊙ (q0 Wuᵀ)) Wdᵀ with q0 = x Wqᵀ over all query heads together; no residual and no norm of its own. <see cref="QkNormAttribute"/> and a rotation come after it.
/// <para>Weights: <c>q_gate_proj.weight</c> and <c>q_up_proj.weight</c> (A, Hq·d), <c>q_down_proj.weight</c> (Hq·d, A): 3·A·Hq·d parameters and as many multiply-adds per token.</para>
/// <para>"Sigma: Differential Rescaling of Query, Key and Value for Efficient Language Models", arXiv 2501.13629.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 2048, heads: 32)]
/// [GroupedQuery(keyHeads: 4, valueHeads: 16)]
/// [AugmentedQuery(width: 3072)]
/// [Rope(theta: 50000)]
/// [Causal]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class AugmentedQueryAttribute : AttentionDslAttribute
{
    /// <summary>A feed-forward of <paramref name="width"/> hidden channels on the query.</summary>
    /// <param name="width">Hidden channels A, at least 1; 1.5 times the model width is usual.</param>
    public AugmentedQueryAttribute(int width)
    {
        Width = width;
    }

    /// <summary>Hidden channels A.</summary>
    public int Width { get; }
}
