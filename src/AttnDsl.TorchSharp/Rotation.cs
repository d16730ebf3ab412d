using System;
using AttnDsl.Cpu;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch;

/// <summary>
/// Rotation of channel pairs (u, v) of every head by a = position · frequency: (u cos a − v sin a, u sin a + v cos a), times a magnitude; channels past the rotary ones pass through.
/// Immutable; a generated module keeps one per rotation. Called by generated code.
/// </summary>
public sealed class Rotation
{
    private readonly double[] _frequencies;

    /// <summary>A rotation of the first 2 · frequencies.Length channels.</summary>
    /// <param name="layout">Which channels pair: (i, i + r/2), or (2i, 2i + 1).</param>
    /// <param name="magnitude">Factor on sine and cosine.</param>
    /// <param name="frequencies">Angle per position of each pair.</param>
    public Rotation(RopeLayout layout, double magnitude, params ReadOnlySpan<double> frequencies)
    {
        _frequencies = frequencies.ToArray();
        Layout = layout;
        Magnitude = magnitude;
        Kernel = new PairRotation(layout, frequencies, magnitude);
    }

    /// <summary>Which channels pair.</summary>
    public RopeLayout Layout { get; }

    /// <summary>Factor on sine and cosine.</summary>
    public double Magnitude { get; }

    /// <summary>The same by the CPU backend.</summary>
    internal PairRotation Kernel { get; }

    /// <summary>The rotation in plain torch operations.</summary>
    /// <param name="x">[B, T, heads, width].</param>
    /// <param name="cos">[B or 1, T, 1, pairs].</param>
    /// <param name="sin">As cos.</param>
    internal Tensor Apply(Tensor x, Tensor cos, Tensor sin)
    {
        int pairs = _frequencies.Length;
        long rest = x.shape[^1] - (2 * pairs);
        bool interleaved = Layout == RopeLayout.Interleaved;
        Tensor u = interleaved ? x.slice(-1, 0, 2 * pairs, 2) : x.narrow(-1, 0, pairs);
        Tensor v = interleaved ? x.slice(-1, 1, 2 * pairs, 2) : x.narrow(-1, pairs, pairs);
        (Tensor first, Tensor second) = ((u * cos) - (v * sin), (u * sin) + (v * cos));
        if (!interleaved)
        {
            return rest == 0 ? cat([first, second], -1) : cat([first, second, x.narrow(-1, 2 * pairs, rest)], -1);
        }

        Tensor turned = stack([first, second], -1).flatten(3);
        return rest == 0 ? turned : cat([turned, x.narrow(-1, 2 * pairs, rest)], -1);
    }

    /// <summary>cos and sin of position · frequency, computed in double, times the magnitude.</summary>
    /// <param name="positions">float64 [B or 1, T, 1, 1].</param>
    /// <param name="like">Type and device of the result.</param>
    /// <returns>[B or 1, T, 1, pairs].</returns>
    internal (Tensor Cos, Tensor Sin) Turns(Tensor positions, Tensor like)
    {
        Tensor angles = positions * tensor(_frequencies, device: like.device);
        return ((angles.cos() * Magnitude).to(like.dtype), (angles.sin() * Magnitude).to(like.dtype));
    }
}
