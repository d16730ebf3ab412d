using System;
using System.Collections.Generic;
using AttnDsl.Compiler.Plan.Scores;

namespace AttnDsl.Compiler.Tests.Plans;

/// <summary>The value of a score expression at one pair.</summary>
public sealed class ScoreInterpreter(double score, double row, double column, int head, IReadOnlyDictionary<string, double[]> buffers)
{
    public double Of(ScoreExpression expression) => expression switch
    {
        TheScore => score,
        ConstantScore c => c.Value,
        IndexScore i => Index(i.Kind),
        CapturedScore c => buffers[c.Buffer][(int)Index(c.Index)],
        UnaryScore u => Unary(u.Operator, Of(u.Operand)),
        BinaryScore b => Binary(b.Operator, Of(b.Left), Of(b.Right)),
        SelectScore s => Holds(s.Comparison, Of(s.Left), Of(s.Right)) ? Of(s.Then) : Of(s.Otherwise),
        _ => throw new ArgumentOutOfRangeException(nameof(expression), expression, "no such expression"),
    };

    private double Index(IndexKind kind) => kind switch
    {
        IndexKind.Row => row,
        IndexKind.Column => column,
        _ => head,
    };

    private static double Unary(UnaryOperator op, double x) => op switch
    {
        UnaryOperator.Negate => -x,
        UnaryOperator.Abs => Math.Abs(x),
        UnaryOperator.Tanh => Math.Tanh(x),
        _ => Math.Exp(x),
    };

    private static double Binary(BinaryOperator op, double a, double b) => op switch
    {
        BinaryOperator.Add => a + b,
        BinaryOperator.Subtract => a - b,
        BinaryOperator.Multiply => a * b,
        BinaryOperator.Divide => a / b,
        BinaryOperator.Min => Math.Min(a, b),
        _ => Math.Max(a, b),
    };

    private static bool Holds(Comparison comparison, double a, double b) => comparison switch
    {
        Comparison.Less => a < b,
        Comparison.LessOrEqual => a <= b,
        _ => a == b,
    };
}
