using System;

namespace AttnDsl;

/// <summary>
/// Attention with linear biases: every head subtracts its own slope times the distance from each score, instead of position embeddings.
/// </summary>
/// <remarks>
/// s_ij ← s_ij − m_h·|i + S − T − j|. Slopes for H score heads: n = 2^⌊log2 H⌋; m_h = 2^(−8(h+1)/n) for h &lt; n, and m_(n+t) = 2^(−8(2t+1)/(2n)) for t = 0, 1, … of the rest. Constants, never trained.
/// The bias is added after <see cref="LogitSoftCapAttribute"/> and is not capped. Together with <see cref="RopeAttribute"/> it is a warning: nobody trained that.
/// <para>Press et al., "Train Short, Test Long: Attention with Linear Biases Enables Input Length Extrapolation", arXiv 2108.12409.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 1024, heads: 16)]
/// [Alibi]
/// [Causal]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class AlibiAttribute : AttentionDslAttribute
{
    /// <summary>Linear biases with the published slopes.</summary>
    public AlibiAttribute()
    {
    }
}
