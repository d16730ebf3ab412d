using System;

namespace AttnDsl;

/// <summary>
/// Every query uses the values of its n largest probabilities alone: less of the cache to read. For inference; the layer has no gradient.
/// </summary>
/// <remarks>
/// p = softmax(s) over all visible keys; per query and score head the n largest p stay as they are (of equal ones those of the earlier keys), the others count as 0, and <b>nothing is renormalised</b>:
/// o = Σ p v over at most n keys. Where fewer than n keys are visible, all are used. Scores come first, so there are two passes: over all keys, then over the chosen values.
/// <para>A decoded token reads all keys, and of each value head at most H/Hv · n rows.</para>
/// <para>No weights of its own: a layer is trained without the attribute, and its checkpoint fits. <c>Backward</c> throws, and the module evaluates only.</para>
/// <para>"Sigma: Differential Rescaling of Query, Key and Value for Efficient Language Models", arXiv 2501.13629.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 2048, heads: 32)]
/// [GroupedQuery(keyHeads: 4, valueHeads: 16)]
/// [SelectiveValue(top: 100)]
/// [Rope]
/// [Causal]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class SelectiveValueAttribute : AttentionDslAttribute
{
    /// <summary>Keeps the <paramref name="top"/> largest probabilities of a query.</summary>
    /// <param name="top">How many, n: at least 1. The paper keeps 100.</param>
    public SelectiveValueAttribute(int top)
    {
        Top = top;
    }

    /// <summary>How many probabilities of a query count at most.</summary>
    public int Top { get; }
}
