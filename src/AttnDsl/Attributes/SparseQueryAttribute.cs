using System;

namespace AttnDsl;

/// <summary>
/// Fewer query heads of the same width: the attention core costs Hq / H of what it did, which is felt in training and prefill. The cache does not shrink; that is what <see cref="GroupedQueryAttribute"/> is for.
/// </summary>
/// <remarks>
/// Of the H declared heads Hq = H / ratio (or <see cref="Heads"/>) remain, d stays D / H. Wq has shape (Hq·d, D), Wo (D, Hq·d). Key/value heads: Hq, or what <see cref="GroupedQueryAttribute"/> says.
/// <para>1 ≤ Hq ≤ H; the ratio must divide H. Hq = H changes nothing.</para>
/// <para>"Sparse Query Attention (SQA): A Computationally Efficient Attention Mechanism with Query Heads Reduction", arXiv 2510.01817.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 256, heads: 16, OutputBias = true)]
/// [SparseQuery(ratio: 2)]
/// [GroupedQuery(kv: 4)]
/// [Causal]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class SparseQueryAttribute : AttentionDslAttribute
{
    /// <summary>The number of query heads is given by <see cref="Heads"/>.</summary>
    public SparseQueryAttribute()
    {
    }

    /// <summary>Keeps one query head in <paramref name="ratio"/>.</summary>
    /// <param name="ratio">Reduction: at least 1, and a divisor of the declared heads.</param>
    public SparseQueryAttribute(int ratio)
    {
        Ratio = ratio;
    }

    /// <summary>Declared heads per query head that remains; 0 when <see cref="Heads"/> is given instead.</summary>
    public int Ratio { get; }

    /// <summary>Query heads that remain, from 1 to the declared heads. Give this or the ratio, not both.</summary>
    public int Heads { get; set; }
}
