using System;
using System.Globalization;

namespace AttnDsl.Cpu.Tests;

internal static class Compare
{
    /// <summary>|actual − expected| ≤ tolerance · max(1, |expected|) everywhere; infinities and NaNs must be where they are expected.</summary>
    public static void Close(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        double worst = 0;
        int place = -1;
        for (int i = 0; i < expected.Length; i++)
        {
            double error = double.IsFinite(expected[i])
                ? Math.Abs(actual[i] - expected[i]) / Math.Max(1, Math.Abs(expected[i]))
                : expected[i].Equals(actual[i]) ? 0 : double.PositiveInfinity;
            if (!(error <= worst))
            {
                worst = error;
                place = i;
            }
        }

        Assert.True(
            worst <= tolerance,
            place < 0 ? what : string.Create(CultureInfo.InvariantCulture, $"{what}: element {place} expected {expected[place]:R}, got {actual[place]:R}, error {worst:E2} (limit {tolerance:E2})"));
    }
}
