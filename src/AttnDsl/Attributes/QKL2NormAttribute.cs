using System;

namespace AttnDsl;

/// <summary>
/// Queries and keys of length √d, times a learned temperature per key head: scores lie within ±√d times the temperature.
/// </summary>
/// <remarks>
/// Per head, before rotation: q ← √d·q / max(‖q‖, ε), k ← t·√d·k / max(‖k‖, ε), ε that of the number type. No gains.
/// <para>Weights: <c>log_temp</c> (Hk), t = e^log_temp, or <c>temp</c> (Hk), t = temp; see <see cref="Temperature"/>.</para>
/// <para>"Compressed Convolutional Attention: Efficient Attention in a Compressed Latent Space", arXiv 2510.04476.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 2048, heads: 16)]
/// [QKL2Norm]
/// [Rope]
/// [Causal]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class QKL2NormAttribute : AttentionDslAttribute
{
    /// <summary>Normalises queries and keys.</summary>
    /// <param name="temperature">How the factor on keys is stored.</param>
    public QKL2NormAttribute(Temperature temperature = Temperature.Exp)
    {
        Temperature = temperature;
    }

    /// <summary>How the factor on keys is stored.</summary>
    public Temperature Temperature { get; }
}
