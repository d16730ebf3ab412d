using System;
using System.Globalization;

namespace AttnDsl.Cpu;

/// <summary>Argument checks of the step kernels.</summary>
internal static class StepChecks
{
    public static void Length(string parameter, int length, long expected)
    {
        if (length != expected)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{parameter}: expected {expected} elements, got {length}"), parameter);
        }
    }

    /// <returns>Rows.</returns>
    public static int Rows(string parameter, int length, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        return length % width == 0
            ? length / width
            : throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{parameter}: expected a multiple of {width} elements, got {length}"), parameter);
    }
}
