using System;
using AttnDsl.Compiler.Plan.Steps;

namespace AttnDsl.Compiler.Emit.Reference;

/// <summary>Element-wise functions as the reference prints them.</summary>
internal static class Activations
{
    /// <summary>The function as formulas write it, and as C# of <c>u</c>.</summary>
    public static (string Formula, string Result) Of(ActivationKind kind, ScalarType scalar) => kind switch
    {
        ActivationKind.Sigmoid => ("1 / (1 + e^(−x))", "1 / (1 + " + scalar.Keyword + ".Exp(-u))"),
        ActivationKind.Silu => ("x / (1 + e^(−x))", "u / (1 + " + scalar.Keyword + ".Exp(-u))"),
        ActivationKind.Exp => ("e^x", scalar.Keyword + ".Exp(u)"),
        ActivationKind.Reciprocal => ("1 / max(x, ε)", "1 / " + scalar.Keyword + ".Max(u, " + scalar.Keyword + ".BitIncrement(1) - 1)"),
        ActivationKind.Clamp => ("x held between 0 and 1", scalar.Keyword + ".Clamp(u, 0, 1)"),
        ActivationKind.Inside => ("1 where 0 ≤ x ≤ 1, else 0", "u >= 0 && u <= 1 ? 1 : 0"),
        ActivationKind.Abs => ("|x|", scalar.Keyword + ".Abs(u)"),
        ActivationKind.Sign => ("the sign of x", "u > 0 ? 1 : u < 0 ? -1 : 0"),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such function"),
    };
}
