using System;
using AttnDsl.Compiler.Plan.Scores;

namespace AttnDsl.Compiler.Emit;

/// <summary>Prints score expressions and mask atoms as C# over the loop variables <c>i</c> (absolute query), <c>j</c> (key) and <c>h</c> (score head).</summary>
/// <param name="scalar">Type of the score.</param>
/// <param name="score">Variable that holds the score.</param>
/// <param name="buffer">Name of a captured buffer in the generated class.</param>
internal sealed class ScoreWriter(ScalarType scalar, string score, Func<string, string> buffer)
{
    public string Write(ScoreExpression expression) => Unwrapped(Text(expression));

    private string Text(ScoreExpression expression) => expression switch
    {
        TheScore => score,
        IndexScore i => Index(i.Kind),
        ConstantScore c => scalar.Literal(c.Value),
        CapturedScore c => buffer(c.Buffer) + "[" + Index(c.Index) + "]",
        UnaryScore { Operator: UnaryOperator.Negate } u => Negated(Text(u.Operand)),
        UnaryScore u => scalar.Keyword + "." + u.Operator + "(" + Write(u.Operand) + ")",
        BinaryScore { Operator: BinaryOperator.Min or BinaryOperator.Max } b => scalar.Keyword + "." + b.Operator + "(" + Write(b.Left) + ", " + Write(b.Right) + ")",
        BinaryScore b => "(" + Text(b.Left) + Symbol(b.Operator) + Text(b.Right) + ")",
        SelectScore s => "(" + Text(s.Left) + Symbol(s.Comparison) + Text(s.Right) + " ? " + Text(s.Then) + " : " + Text(s.Otherwise) + ")",
        _ => throw new ArgumentOutOfRangeException(nameof(expression), expression, "no text for this expression"),
    };

    // Two minus signs in a row would be a decrement.
    private static string Negated(string text) => text[0] == '-' ? "-(" + text + ")" : "-" + text;

    private static string Unwrapped(string text)
    {
        if (text.Length < 2 || text[0] != '(' || text[text.Length - 1] != ')')
        {
            return text;
        }

        int depth = 0;
        for (int i = 0; i < text.Length - 1; i++)
        {
            depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
            if (depth == 0)
            {
                return text;
            }
        }

        return text.Substring(1, text.Length - 2);
    }

    private static string Index(IndexKind kind) => kind switch
    {
        IndexKind.Row => "i",
        IndexKind.Column => "j",
        _ => "h",
    };

    private static string Symbol(BinaryOperator op) => op switch
    {
        BinaryOperator.Add => " + ",
        BinaryOperator.Subtract => " - ",
        BinaryOperator.Multiply => " * ",
        _ => " / ",
    };

    private static string Symbol(Comparison comparison) => comparison switch
    {
        Comparison.Less => " < ",
        Comparison.LessOrEqual => " <= ",
        _ => " == ",
    };
}
