using System;

namespace AttnDsl;

/// <summary>
/// Rotary position embedding: pairs of channels of every query and key head are turned by an angle proportional to the token's position, so that scores depend on distances.
/// </summary>
/// <remarks>
/// Pair i of r rotary channels (r = d unless <see cref="RotaryDim"/> says less) turns at position p by a = p·f_i with f_i = θ^(−2i/r), i = 0 … r/2 − 1:
/// (u, w) becomes (u cos a − w sin a, u sin a + w cos a). <see cref="Layout"/> says which channels u and w are. Positions start at 0 and are absolute: cached keys are stored rotated.
/// Channels from r on pass through. On a layer with <see cref="LatentKVAttribute"/> or <see cref="GroupedLatentKVAttribute"/> the heads here are its ropeDim channels. Rotation comes after <see cref="QkNormAttribute"/>. No weights.
/// <para>θ &gt; 1; r even, from 2 to d.</para>
/// <para>Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", arXiv 2104.09864.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 4096, heads: 32)]
/// [Rope(theta: 500_000, layout: RopeLayout.Interleaved)]
/// [Causal]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class RopeAttribute : AttentionDslAttribute
{
    /// <summary>Rotates all channels of a head.</summary>
    /// <param name="theta">Base θ of the frequencies, more than 1.</param>
    /// <param name="layout">Which channels form a pair.</param>
    public RopeAttribute(double theta = 10000, RopeLayout layout = RopeLayout.HalfSplit)
    {
        Theta = theta;
        Layout = layout;
    }

    /// <summary>Rotates the first <paramref name="rotaryDim"/> channels of a head.</summary>
    /// <param name="theta">Base θ of the frequencies, more than 1.</param>
    /// <param name="layout">Which channels form a pair.</param>
    /// <param name="rotaryDim">Rotated channels r: even, from 2 to the head width.</param>
    public RopeAttribute(double theta, RopeLayout layout, int rotaryDim)
        : this(theta, layout)
    {
        RotaryDim = rotaryDim;
    }

    /// <summary>Rotates the first <paramref name="rotaryDim"/> channels of a head in half-split pairs.</summary>
    /// <param name="theta">Base θ of the frequencies, more than 1.</param>
    /// <param name="rotaryDim">Rotated channels r: even, from 2 to the head width.</param>
    public RopeAttribute(double theta, int rotaryDim)
        : this(theta, RopeLayout.HalfSplit, rotaryDim)
    {
    }

    /// <summary>Base θ of the frequencies.</summary>
    public double Theta { get; }

    /// <summary>Which channels form a pair.</summary>
    public RopeLayout Layout { get; }

    /// <summary>Rotated channels r of a head. When it is not written, all of them.</summary>
    public int RotaryDim { get; set; }

    /// <summary>Every how many-th frequency is used, at least 1: f_i = θ^(−2·i·stride/r). Default 1.</summary>
    public int FrequencyStride { get; set; } = 1;
}
