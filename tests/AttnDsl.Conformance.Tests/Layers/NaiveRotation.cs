using System;
using System.Linq;
using System.Numerics;

namespace AttnDsl.Conformance.Tests.Layers;

/// <summary>Rotary positions by complex multiplication, for the oracle.</summary>
/// <param name="Frequencies">One per pair of channels.</param>
/// <param name="Interleaved">Pairs are (2i, 2i + 1); otherwise (i, i + pairs).</param>
/// <param name="Magnitude">Length of the rotating factor.</param>
internal sealed record NaiveRotation(double[] Frequencies, bool Interleaved, double Magnitude = 1)
{
    /// <summary>θ^(−2i·stride/rotary).</summary>
    public static double[] Geometric(double theta, int rotary, int stride = 1) =>
        [.. Enumerable.Range(0, rotary / 2).Select(i => 1 / Math.Pow(theta, 2.0 * i * stride / rotary))];

    /// <summary>YaRN: a pair that turns often enough over the original context keeps its frequency, a slow one is divided by the factor, a ramp lies between.</summary>
    public static double[] Stretched(double[] frequencies, double theta, double factor, int original, double fast, double slow, bool rounded)
    {
        int rotary = 2 * frequencies.Length;
        double low = PairThatTurns(fast);
        double high = PairThatTurns(slow);
        if (rounded)
        {
            low = Math.Max(Math.Floor(low), 0);
            high = Math.Min(Math.Ceiling(high), rotary - 1);
            high += low == high ? 0.001 : 0;
        }

        return [.. frequencies.Select((f, i) =>
        {
            double slowed = Math.Clamp((i - low) / (high - low), 0, 1);
            return (f / factor * slowed) + (f * (1 - slowed));
        })];

        double PairThatTurns(double turns) => rotary * Math.Log(original / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
    }

    /// <summary>YaRN's attention factor.</summary>
    public static double AttentionFactor(double factor, double mscale = 1) => 1 + (mscale * Math.Log(factor) / 10);

    /// <summary>The head with its leading channels turned to a position.</summary>
    public double[] Turn(double[] head, int position)
    {
        var result = (double[])head.Clone();
        for (int pair = 0; pair < Frequencies.Length; pair++)
        {
            (int real, int imaginary) = Interleaved ? (2 * pair, (2 * pair) + 1) : (pair, pair + Frequencies.Length);
            Complex turned = new Complex(head[real], head[imaginary]) * Complex.FromPolarCoordinates(Magnitude, position * Frequencies[pair]);
            (result[real], result[imaginary]) = (turned.Real, turned.Imaginary);
        }

        return result;
    }
}
