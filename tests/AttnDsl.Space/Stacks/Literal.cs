using System;
using System.Globalization;

namespace AttnDsl.Space.Stacks;

/// <summary>A constant as C# writes it, with the value it has.</summary>
/// <param name="Code">C# expression.</param>
/// <param name="Number">The number; 1 or 0 for true and false, the member's number for an enum.</param>
/// <param name="Member">Name of the enum member; null for numbers and for a number outside its enum.</param>
/// <param name="Kind">What the attribute's argument is declared as.</param>
internal sealed record Literal(string Code, double Number, LiteralKind Kind, string? Member = null)
{
    /// <summary>The number as a whole one.</summary>
    public long Whole => (long)Number;

    public static Literal Of(int value) => new(
        value switch
        {
            int.MaxValue => "int.MaxValue",
            int.MinValue => "int.MinValue",
            _ => value.ToString(CultureInfo.InvariantCulture),
        },
        value,
        LiteralKind.Int);

    public static Literal Of(double value) => new(
        double.IsNaN(value) ? "double.NaN"
            : double.IsInfinity(value) ? (value > 0 ? "double.PositiveInfinity" : "double.NegativeInfinity")
            : value.ToString("R", CultureInfo.InvariantCulture),
        value,
        LiteralKind.Double);

    public static Literal Of(bool value) => new(value ? "true" : "false", value ? 1 : 0, LiteralKind.Bool);

    /// <summary>An enum's member, or a cast of a number that is none.</summary>
    public static Literal Of<TEnum>(TEnum value)
        where TEnum : struct, Enum
    {
        int number = Convert.ToInt32(value, CultureInfo.InvariantCulture);
        string type = typeof(TEnum).Name;
        string? member = Enum.GetName(value);
        return new(member is null ? string.Create(CultureInfo.InvariantCulture, $"({type})({number})") : type + "." + member, number, LiteralKind.Enum, member);
    }

    public override string ToString() => Code;
}

internal enum LiteralKind
{
    Int,
    Double,
    Bool,
    Enum,
}
