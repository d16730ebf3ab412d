using System;
using System.Globalization;

namespace AttnDsl.Cpu.Tests.Backward;

/// <summary>
/// When a gradient counts as right: its error, maximal and mean, is at most three times that of naive float loops plus a floor of four units in the last place of the largest element, or of the largest term where all of them cancel.
/// </summary>
internal static class GradientRule
{
    private const double Factor = 3;

    private const double FloorUnits = 4;

    private const double Epsilon = 1.1920928955078125e-7;

    public static void Check(string what, ReadOnlySpan<double> exact, ReadOnlySpan<float> naive, ReadOnlySpan<float> actual, double largest = 0, double rounding = 1)
    {
        Assert.Equal(exact.Length, actual.Length);
        double worst = 0;
        double worstNaive = 0;
        double sum = 0;
        double sumNaive = 0;
        for (int i = 0; i < exact.Length; i++)
        {
            double error = Math.Abs(actual[i] - exact[i]);
            double errorNaive = Math.Abs(naive[i] - exact[i]);
            Assert.False(double.IsNaN(error), string.Create(CultureInfo.InvariantCulture, $"{what}: element {i} expected {exact[i]:R}, got {actual[i]:R}"));
            largest = Math.Max(largest, Math.Abs(exact[i]));
            worst = Math.Max(worst, error);
            worstNaive = Math.Max(worstNaive, errorNaive);
            sum += error;
            sumNaive += errorNaive;
        }

        double floor = FloorUnits * Epsilon * largest * rounding;
        int count = Math.Max(exact.Length, 1);
        AssertWithin(what, "max", worst, worstNaive, floor);
        AssertWithin(what, "mean", sum / count, sumNaive / count, floor);
    }

    private static void AssertWithin(string what, string kind, double error, double naive, double floor) => Assert.True(
        error <= (Factor * naive) + floor,
        string.Create(CultureInfo.InvariantCulture, $"{what}: {kind} error {error:E2}, naive float {naive:E2} (limit {Factor}x + {floor:E2})"));
}
