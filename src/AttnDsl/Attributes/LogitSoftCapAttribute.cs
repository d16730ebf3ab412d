using System;

namespace AttnDsl;

/// <summary>
/// Squeezes every score into (−cap, cap), smoothly.
/// </summary>
/// <remarks>
/// s ← cap·tanh(s / cap), after the scale and before bias, mask and sink. cap &gt; 0.
/// <para>Gemma 2, arXiv 2408.00118 (cap 50).</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 3584, heads: 16, headDim: 256)]
/// [LogitSoftCap(50)]
/// [Causal]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class LogitSoftCapAttribute : AttentionDslAttribute
{
    /// <summary>Caps the scores.</summary>
    /// <param name="cap">Bound of the scores, more than 0.</param>
    public LogitSoftCapAttribute(double cap)
    {
        Cap = cap;
    }

    /// <summary>Bound of the scores.</summary>
    public double Cap { get; }
}
