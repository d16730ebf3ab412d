using System;
using System.Globalization;

namespace AttnDsl.Compiler.Spec;

public enum ArgumentKind
{
    Int,
    Double,
    Bool,
    Enum,
    String,
    IntArray,
    Type,

    /// <summary>The attribute does not compile or the value is missing; the compiler reports that itself.</summary>
    Invalid,
}

/// <summary>A constant attribute argument in a form that compares by value.</summary>
/// <param name="Kind">What the constant is.</param>
/// <param name="Text">Invariant text: digits, <c>true</c>/<c>false</c>, the enum member's name, the string, comma-separated ints, or the type's full name.</param>
/// <param name="Bits">The integer, the enum's number, or the double's bits; 0 for texts.</param>
public sealed record ArgumentValue(ArgumentKind Kind, string Text, long Bits)
{
    public static ArgumentValue Of(long value) => new(ArgumentKind.Int, value.ToString(CultureInfo.InvariantCulture), value);

    public static ArgumentValue Of(double value) =>
        new(ArgumentKind.Double, value.ToString("R", CultureInfo.InvariantCulture), BitConverter.DoubleToInt64Bits(value));

    public static ArgumentValue Of(bool value) => new(ArgumentKind.Bool, value ? "true" : "false", value ? 1 : 0);

    public static ArgumentValue OfEnum(string member, long number) => new(ArgumentKind.Enum, member, number);

    public static ArgumentValue OfString(string value) => new(ArgumentKind.String, value, 0);

    public long AsInt() => Kind switch
    {
        ArgumentKind.Double => (long)BitConverter.Int64BitsToDouble(Bits),
        _ => Bits,
    };

    public double AsDouble() => Kind == ArgumentKind.Double ? BitConverter.Int64BitsToDouble(Bits) : Bits;

    public bool AsBool() => Bits != 0;
}
