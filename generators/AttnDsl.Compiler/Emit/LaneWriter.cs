using System;
using AttnDsl.Compiler.Plan.Scores;

namespace AttnDsl.Compiler.Emit;

/// <summary>Prints score expressions as C# over a vector type <c>TLanes</c>, queries in the lanes; one text serves every vector width.</summary>
/// <param name="buffer">Name of a captured buffer in the generated class.</param>
internal sealed class LaneWriter(Func<string, string> buffer)
{
    public string Write(ScoreExpression expression) => expression switch
    {
        TheScore => "score",
        IndexScore i => "pair." + Index(i.Kind),
        ConstantScore c => "TLanes.Broadcast(" + ScalarType.Single.Literal(c.Value) + ")",
        CapturedScore c => "pair.Of" + Index(c.Index) + "(" + buffer(c.Buffer) + ")",
        UnaryScore { Operator: UnaryOperator.Negate } u => "-" + Operand(u.Operand),
        UnaryScore u => "TLanes." + u.Operator + "(" + Write(u.Operand) + ")",
        BinaryScore { Operator: BinaryOperator.Min or BinaryOperator.Max } b => "TLanes." + b.Operator + "(" + Write(b.Left) + ", " + Write(b.Right) + ")",
        BinaryScore b => Operand(b.Left) + Symbol(b.Operator) + Operand(b.Right),
        SelectScore s => "TLanes.Select(TLanes." + s.Comparison + "(" + Write(s.Left) + ", " + Write(s.Right) + "), " + Write(s.Then) + ", " + Write(s.Otherwise) + ")",
        _ => throw new ArgumentOutOfRangeException(nameof(expression), expression, "no text for this expression"),
    };

    private string Operand(ScoreExpression expression) => expression is BinaryScore { Operator: not (BinaryOperator.Min or BinaryOperator.Max) } or UnaryScore { Operator: UnaryOperator.Negate }
        ? "(" + Write(expression) + ")"
        : Write(expression);

    private static string Index(IndexKind kind) => kind.ToString();

    private static string Symbol(BinaryOperator op) => op switch
    {
        BinaryOperator.Add => " + ",
        BinaryOperator.Subtract => " - ",
        BinaryOperator.Multiply => " * ",
        _ => " / ",
    };
}
