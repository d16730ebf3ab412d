using System;

namespace AttnDsl;

/// <summary>
/// More key/value heads than query heads (rSQA): every key/value head gets a score map of its own, and the query heads are used in turn.
/// </summary>
/// <remarks>
/// Score map j of Hkv reads query head j mod Hq and key/value head j, so queries are tiled (q0 q1 q0 q1 …), not repeated side by side. Wq has shape (Hq·d, D), Wk and Wv (Hkv·d, D), Wo (D, Hkv·d).
/// <para>1 ≤ Hq &lt; Hkv ≤ H, Hkv a multiple of Hq. The core costs what Hkv heads cost. Excludes <see cref="GroupedQueryAttribute"/>: it sets both counts.</para>
/// <para>"Sparse Query Attention (SQA)", arXiv 2510.01817, variant rSQA (proposed there, not trained).</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 256, heads: 16)]
/// [ReverseSparseQuery(heads: 4, kv: 8)]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class ReverseSparseQueryAttribute : AttentionDslAttribute
{
    /// <summary>Tiles <paramref name="heads"/> query heads over <paramref name="kv"/> key/value heads.</summary>
    /// <param name="heads">Query heads Hq: at least 1, and a divisor of <paramref name="kv"/>.</param>
    /// <param name="kv">Key/value heads Hkv: more than <paramref name="heads"/>, at most the declared heads.</param>
    public ReverseSparseQueryAttribute(int heads, int kv)
    {
        Heads = heads;
        Kv = kv;
    }

    /// <summary>Query heads Hq.</summary>
    public int Heads { get; }

    /// <summary>Key/value heads Hkv.</summary>
    public int Kv { get; }
}
