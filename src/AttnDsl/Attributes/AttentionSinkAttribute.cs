using System;

namespace AttnDsl;

/// <summary>
/// A learned logit per score head that takes part in the softmax and has no value: a head can attend to nothing.
/// </summary>
/// <remarks>
/// p_ij = e^(s_ij − M) / (Σ_j e^(s_ij − M) + e^(sink_h − M)) with M the largest of all of them; a row's probabilities sum to less than 1. The sink is neither scaled nor capped nor biased.
/// The log-sum-exp that a core returns is without it.
/// <para>Weight: <c>sinks</c>, one per score head, initialised N(0, 0.02).</para>
/// <para>gpt-oss model card, arXiv 2508.10925.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 2880, heads: 64, headDim: 64)]
/// [GroupedQuery(kv: 8)]
/// [AttentionSink]
/// [Causal]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class AttentionSinkAttribute : AttentionDslAttribute
{
    /// <summary>A sink logit per score head.</summary>
    public AttentionSinkAttribute()
    {
    }
}
