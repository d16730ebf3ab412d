using System.Globalization;

namespace AttnDsl.Compiler.Plan.Scores;

/// <summary>Score expressions as a reader of a plan dump or of a header sees them.</summary>
public static class ScoreText
{
    public static string Of(ScoreExpression expression) => expression switch
    {
        TheScore => "s",
        IndexScore i => i.Kind switch { IndexKind.Row => "i", IndexKind.Column => "j", _ => "h" },
        ConstantScore c => c.Value.ToString("R", CultureInfo.InvariantCulture),
        CapturedScore c => c.Buffer + "[" + Of(new IndexScore(c.Index)) + "]",
        UnaryScore { Operator: UnaryOperator.Negate } u => "-" + Of(u.Operand),
        UnaryScore { Operator: UnaryOperator.Abs } u => "|" + Of(u.Operand) + "|",
        UnaryScore u => u.Operator.ToString().ToLowerInvariant() + "(" + Of(u.Operand) + ")",
        BinaryScore { Operator: BinaryOperator.Min or BinaryOperator.Max } b => b.Operator.ToString().ToLowerInvariant() + "(" + Of(b.Left) + ", " + Of(b.Right) + ")",
        BinaryScore b => "(" + Of(b.Left) + Symbol(b.Operator) + Of(b.Right) + ")",
        SelectScore s => "(" + Of(s.Left) + Symbol(s.Comparison) + Of(s.Right) + " ? " + Of(s.Then) + " : " + Of(s.Otherwise) + ")",
        _ => expression.ToString(),
    };

    private static string Symbol(BinaryOperator op) => op switch
    {
        BinaryOperator.Add => " + ",
        BinaryOperator.Subtract => " − ",
        BinaryOperator.Multiply => "·",
        _ => " / ",
    };

    private static string Symbol(Comparison comparison) => comparison switch
    {
        Comparison.Less => " < ",
        Comparison.LessOrEqual => " ≤ ",
        _ => " = ",
    };
}
