using System;
using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Plan;

/// <summary>Which channels of a head form a rotation pair.</summary>
public enum PairLayout
{
    /// <summary>(i, i + r/2).</summary>
    HalfSplit,

    /// <summary>(2i, 2i + 1).</summary>
    Interleaved,
}

/// <summary>A rotation of channel pairs by position times frequency; everything is folded into one constant table that every backend shares.</summary>
/// <param name="Layout">Which channels pair.</param>
/// <param name="RotaryDim">Channels that rotate, from the first on; even.</param>
/// <param name="Frequencies">Angle per position of each pair, RotaryDim / 2 of them.</param>
/// <param name="Magnitude">Factor on both sine and cosine.</param>
/// <param name="Formula">How the frequencies came about, for headers.</param>
public sealed record RotaryTable(PairLayout Layout, long RotaryDim, EquatableArray<double> Frequencies, double Magnitude, string Formula)
{
    /// <summary>f_i = θ^(−2 i stride / r).</summary>
    public static EquatableArray<double> Geometric(double theta, long rotaryDim, long stride) =>
        Enumerable.Range(0, (int)(rotaryDim / 2)).Select(i => Math.Pow(theta, -2.0 * i * stride / rotaryDim)).ToEquatableArray();

    public override string ToString() => string.Format(CultureInfo.InvariantCulture, "{0}, {1} channels, {2}, magnitude {3:R}", Layout, RotaryDim, Formula, Magnitude);
}
