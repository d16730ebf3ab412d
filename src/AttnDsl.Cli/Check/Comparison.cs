using System;
using System.Globalization;

namespace AttnDsl.Cli.Check;

/// <summary>The largest difference between two lists of numbers, and where it is.</summary>
/// <param name="MaxAbsError">Largest absolute difference; NaN as soon as one side is not a number where the other is or is not.</param>
/// <param name="Index">Its place; -1 when the lists agree exactly.</param>
/// <param name="Found">The number there.</param>
/// <param name="Expected">The number it is compared with.</param>
internal readonly record struct Comparison(double MaxAbsError, int Index, double Found, double Expected)
{
    /// <summary>Compares element by element; both lists have the same length.</summary>
    public static Comparison Of(double[] found, double[] expected)
    {
        if (found.Length != expected.Length)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"expected {expected.Length} numbers, got {found.Length}"), nameof(found));
        }

        Comparison worst = new(0, -1, 0, 0);
        for (int i = 0; i < found.Length; i++)
        {
            // Equal infinities differ by nothing; their difference would be NaN.
            double error = found[i].Equals(expected[i]) && !double.IsNaN(found[i]) ? 0 : Math.Abs(found[i] - expected[i]);
            if (double.IsNaN(error))
            {
                return new Comparison(double.NaN, i, found[i], expected[i]);
            }

            if (error > worst.MaxAbsError)
            {
                worst = new Comparison(error, i, found[i], expected[i]);
            }
        }

        return worst;
    }

    /// <summary>The row of the report.</summary>
    public CheckRow ToRow(string backend, ScalarKind dtype, Expectation expectation, string against, double limit)
    {
        bool ok = MaxAbsError <= limit;
        string? note = ok
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"worst at {expectation.Recorded.Place(Index)}: {Found:R} instead of {Expected:R}");
        return new CheckRow(
            backend,
            dtype.Name(),
            expectation.Quantity,
            against,
            double.IsFinite(MaxAbsError) ? MaxAbsError : null,
            limit,
            ok,
            note);
    }
}
