using System;
using System.Collections.Generic;

namespace AttnDsl.Cli.Check;

/// <summary>Number types a backend can compute in.</summary>
internal enum ScalarKind
{
    /// <summary>float.</summary>
    F32,

    /// <summary>double.</summary>
    F64,
}

/// <summary>Their names on the command line, and what they do to a number.</summary>
internal static class ScalarKinds
{
    /// <summary>Every name, in the order help shows them.</summary>
    public static IReadOnlyList<string> Names { get; } = ["f32", "f64"];

    /// <summary>The kind of that name.</summary>
    public static ScalarKind Parse(string name) => name switch
    {
        "f32" => ScalarKind.F32,
        "f64" => ScalarKind.F64,
        _ => throw new UnusableInputException($"--dtype: expected {string.Join(" or ", Names)}, got '{name}'"),
    };

    /// <summary>Its name.</summary>
    public static string Name(this ScalarKind kind) => kind == ScalarKind.F32 ? "f32" : "f64";

    /// <summary>Distance from 1 to the next number of that type.</summary>
    public static double Epsilon(this ScalarKind kind) => kind == ScalarKind.F32 ? Math.Pow(2, -23) : Math.Pow(2, -52);

    /// <summary>The nearest number of that type.</summary>
    public static double Round(this ScalarKind kind, double value) => kind == ScalarKind.F32 ? (float)value : value;
}
