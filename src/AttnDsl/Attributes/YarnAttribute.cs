using System;

namespace AttnDsl;

/// <summary>
/// YaRN: stretches a rotary embedding that was trained on <see cref="OriginalLength"/> tokens to <see cref="Factor"/> times that length. Needs <see cref="RopeAttribute"/>.
/// </summary>
/// <remarks>
/// With s the factor, L the original length and r the rotary width: bound(β) = (r/2)·ln(L / (2πβ)) / ln θ; low = bound(betaFast), high = bound(betaSlow);
/// ramp_i = clamp((i − low) / (high − low), 0, 1); frequency f_i becomes (f_i / s)·ramp_i + f_i·(1 − ramp_i), so fast frequencies stay and slow ones are interpolated.
/// The attention factor c = 0.1·mscale·ln s + 1 multiplies what <see cref="ScaleOn"/> says.
/// <para>Three published forms: gpt-oss (bounds unrounded, factor on the rotation), Hugging Face's usual (rounded, on the rotation), DeepSeek (rounded, on the softmax scale).
/// A layer with <see cref="LatentKVAttribute"/> or <see cref="GroupedLatentKVAttribute"/> has DeepSeek's where <see cref="Rounded"/> and <see cref="ScaleOn"/> are not written, any other layer gpt-oss's.
/// The unrounded form needs 0 &lt; low &lt; high &lt; r/2 − 1. s ≥ 1, L ≥ 1, betaFast &gt; betaSlow &gt; 0.</para>
/// <para>Peng et al., "YaRN: Efficient Context Window Extension of Large Language Models", arXiv 2309.00071.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 2880, heads: 64, headDim: 64)]
/// [Rope(theta: 150_000)]
/// [Yarn(factor: 32, originalLength: 4096)]
/// [Causal]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class YarnAttribute : AttentionDslAttribute
{
    /// <summary>Stretches the rotary embedding.</summary>
    /// <param name="factor">Longest context in units of the original one, at least 1.</param>
    /// <param name="originalLength">Tokens the embedding was trained on, at least 1.</param>
    /// <param name="betaFast">Turns within the original length above which a frequency is left alone; more than <paramref name="betaSlow"/>.</param>
    /// <param name="betaSlow">Turns within the original length below which a frequency is fully interpolated; more than 0.</param>
    /// <param name="mscale">Strength of the attention factor; 0 switches it off.</param>
    public YarnAttribute(double factor, int originalLength, double betaFast = 32, double betaSlow = 1, double mscale = 1)
    {
        Factor = factor;
        OriginalLength = originalLength;
        BetaFast = betaFast;
        BetaSlow = betaSlow;
        Mscale = mscale;
    }

    /// <summary>Longest context in units of the original one.</summary>
    public double Factor { get; }

    /// <summary>Tokens the embedding was trained on.</summary>
    public int OriginalLength { get; }

    /// <summary>Turns above which a frequency is left alone.</summary>
    public double BetaFast { get; }

    /// <summary>Turns below which a frequency is fully interpolated.</summary>
    public double BetaSlow { get; }

    /// <summary>Strength of the attention factor.</summary>
    public double Mscale { get; }

    /// <summary>Whether low is rounded down and high up to whole pairs, and both clamped to the table. When it is not written, no, and yes with <see cref="LatentKVAttribute"/> or <see cref="GroupedLatentKVAttribute"/>.</summary>
    public bool Rounded { get; set; }

    /// <summary>What the attention factor multiplies. When it is not written, the rotation, and with <see cref="LatentKVAttribute"/> or <see cref="GroupedLatentKVAttribute"/> the softmax scale.</summary>
    public YarnScale ScaleOn { get; set; }
}
