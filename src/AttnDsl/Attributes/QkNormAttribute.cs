using System;

namespace AttnDsl;

/// <summary>
/// Root-mean-square norm of every query and key head before rotation: scores can no longer grow without bound.
/// </summary>
/// <remarks>
/// Per head vector u of width d: u·(mean(u²) + eps)^(−1/2)·w, or ·(1 + w) (<see cref="Form"/>). w is shared by all heads. Values are not normed. On a layer with <see cref="LatentKVAttribute"/> u is the nopeDim channels of a head, and d their number.
/// <para>Weights: <c>q_norm.weight</c> and <c>k_norm.weight</c>, d each.</para>
/// <para>Qwen3, arXiv 2505.09388.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 4096, heads: 32, headDim: 128)]
/// [QkNorm]
/// [Rope(theta: 1_000_000)]
/// [Causal]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class QkNormAttribute : AttentionDslAttribute
{
    /// <summary>Norms queries and keys.</summary>
    public QkNormAttribute()
    {
    }

    /// <summary>How the weight enters. Default: <see cref="QkNormForm.Plain"/>.</summary>
    public QkNormForm Form { get; set; }

    /// <summary>Added to the mean square, more than 0. Default 10⁻⁶.</summary>
    public double Eps { get; set; } = 1e-6;
}
