using System.Globalization;

namespace AttnDsl.Compiler.Rules;

/// <summary>Numbers as message text, the same in every culture.</summary>
public static class Text
{
    public static string Of(long value) => value.ToString(CultureInfo.InvariantCulture);

    public static string Of(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Four significant digits, for numbers that the user did not write.</summary>
    public static string Short(double value) => value.ToString("G4", CultureInfo.InvariantCulture);
}
