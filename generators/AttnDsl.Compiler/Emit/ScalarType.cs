using System.Globalization;

namespace AttnDsl.Compiler.Emit;

/// <summary>The floating-point type a piece of generated code computes in.</summary>
internal sealed class ScalarType
{
    private ScalarType(string keyword, string suffix)
    {
        Keyword = keyword;
        Suffix = suffix;
    }

    public static ScalarType Double { get; } = new("double", "");

    public static ScalarType Single { get; } = new("float", "f");

    public string Keyword { get; }

    private string Suffix { get; }

    /// <summary>A cast from double, or nothing.</summary>
    public string FromDouble => this == Single ? "(float)" : "";

    /// <summary>The constant as a literal of this type, round-trip exact for double.</summary>
    public string Literal(double value)
    {
        if (double.IsNaN(value))
        {
            return Keyword + ".NaN";
        }

        if (double.IsInfinity(value))
        {
            return Keyword + (value > 0 ? ".PositiveInfinity" : ".NegativeInfinity");
        }

        string text = this == Single
            ? ((float)value).ToString("R", CultureInfo.InvariantCulture)
            : value.ToString("R", CultureInfo.InvariantCulture);
        bool whole = text.IndexOfAny(['.', 'E']) < 0;
        return text + (whole && Suffix.Length == 0 ? ".0" : Suffix);
    }
}
