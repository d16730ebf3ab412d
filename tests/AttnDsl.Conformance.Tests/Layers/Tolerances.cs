using System;

namespace AttnDsl.Conformance.Tests.Layers;

/// <summary>Every limit of these tests, with its reason.</summary>
internal static class Tolerances
{
    /// <summary>Recorded results against the double reference. Both sides are float64 with another order of sums; what is seen is below 1e-14, what is promised is this.</summary>
    public const double Golden = 1e-9;

    /// <summary>One double computation against another of the same numbers, sums in another order, values of about 1.</summary>
    public const double SameMaths = 1e-12;

    /// <summary>Central differences at <see cref="Step"/>, relative to the gradient: the truncation is of the order of the step squared.</summary>
    public const double DifferenceRelative = 1e-6;

    /// <summary>Central differences, absolute: rounding of the loss (about 1e-15) divided by twice the step.</summary>
    public const double DifferenceAbsolute = 1e-8;

    /// <summary>Step of central differences.</summary>
    public const double Step = 1e-5;

    /// <summary>Gradients in single precision get this much more room than outputs: the backward works with the rounded results of the forward.</summary>
    public const double GradientFactor = 3;

    /// <summary>Attention core in single precision against double on equal inputs, for logits up to 20: 2e-6 · √width · max|V|.</summary>
    public static double SingleCore(int width, double largestValue) => 2e-6 * Math.Sqrt(width) * largestValue;

    /// <summary>
    /// A whole layer in single precision against double on equal inputs. An epsilon is 1.2e-7; the roundings of a sum of n terms walk at random, √n of them, relative to the largest result;
    /// twice that, as several sums follow each other.
    /// </summary>
    public static double SingleLayer(int longestSum, double largestResult) => 2.4e-7 * Math.Sqrt(longestSum) * Math.Max(1, largestResult);
}
