using System;
using System.ComponentModel;
using System.Globalization;
using System.Text;

namespace AttnDsl.Runtime;

/// <summary>Argument checks with one wording. Called by generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Check
{
    // Shapes come from files too, and a hostile one must not make a message of megabytes.
    private const int ShownSizes = 16;

    /// <summary>Refuses a length other than the expected one.</summary>
    /// <param name="parameter">The argument's name.</param>
    /// <param name="actual">Its length.</param>
    /// <param name="expected">The length it must have.</param>
    /// <exception cref="ArgumentException">The lengths differ, or no array can have the expected length.</exception>
    public static void Length(string parameter, int actual, long expected) => Length(parameter, actual, new ReadOnlySpan<long>(in expected));

    /// <summary>Refuses a length that is not the product of the expected shape.</summary>
    /// <param name="parameter">The argument's name.</param>
    /// <param name="actual">Its length.</param>
    /// <param name="expectedShape">The shape it must have.</param>
    /// <exception cref="ArgumentException">The lengths differ, or no array can have the expected shape.</exception>
    public static void Length(string parameter, int actual, params ReadOnlySpan<long> expectedShape)
    {
        int expected = ArrayLength.Of(parameter, expectedShape);
        if (actual != expected)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"{parameter}: expected {Shape(expectedShape)} = {expected} elements, got {actual}"),
                parameter);
        }
    }

    /// <summary>[2, 16, 48].</summary>
    internal static string Shape(ReadOnlySpan<long> shape)
    {
        var text = new StringBuilder("[");
        for (int i = 0; i < Math.Min(shape.Length, ShownSizes); i++)
        {
            if (i > 0)
            {
                text.Append(", ");
            }

            text.Append(CultureInfo.InvariantCulture, $"{shape[i]}");
        }

        if (shape.Length > ShownSizes)
        {
            text.Append(CultureInfo.InvariantCulture, $", … {shape.Length} sizes");
        }

        return text.Append(']').ToString();
    }

    /// <summary>[96, 48].</summary>
    internal static string Shape(ReadOnlySpan<int> shape)
    {
        var wide = new long[shape.Length];
        for (int i = 0; i < wide.Length; i++)
        {
            wide[i] = shape[i];
        }

        return Shape(wide);
    }
}
