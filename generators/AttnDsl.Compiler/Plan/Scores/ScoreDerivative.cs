using static AttnDsl.Compiler.Plan.Scores.ScoreExpression;

namespace AttnDsl.Compiler.Plan.Scores;

/// <summary>Symbolic derivative of a score expression with respect to the score, lightly simplified so that generated code stays readable.</summary>
public static class ScoreDerivative
{
    private static readonly ScoreExpression Zero = Constant(0);
    private static readonly ScoreExpression One = Constant(1);

    /// <summary>∂ expression / ∂ score.</summary>
    public static ScoreExpression Of(ScoreExpression expression) => expression switch
    {
        TheScore => One,
        UnaryScore u => Product(Outer(u), Of(u.Operand)),
        BinaryScore b => Binary(b),
        SelectScore s => Select(s),
        _ => Zero,
    };

    /// <summary>True when the expression does not depend on the score beyond passing it through (derivative one).</summary>
    public static bool IsOne(ScoreExpression derivative) => derivative is ConstantScore { Value: 1 };

    private static ScoreExpression Outer(UnaryScore u) => u.Operator switch
    {
        UnaryOperator.Negate => Constant(-1),
        UnaryOperator.Tanh => One - (u * u),
        UnaryOperator.Exp => u,
        // The sign; 0 at 0 is the subgradient used everywhere.
        _ => new SelectScore(Comparison.Less, u.Operand, Zero, Constant(-1), new SelectScore(Comparison.Less, Zero, u.Operand, One, Zero)),
    };

    private static ScoreExpression Binary(BinaryScore b)
    {
        ScoreExpression left = Of(b.Left);
        ScoreExpression right = Of(b.Right);
        return b.Operator switch
        {
            BinaryOperator.Add => Sum(left, right),
            BinaryOperator.Subtract => right is ConstantScore { Value: 0 } ? left : left - right,
            BinaryOperator.Multiply => Sum(Product(left, b.Right), Product(b.Left, right)),
            BinaryOperator.Divide => right is ConstantScore { Value: 0 } ? Quotient(left, b.Right) : Quotient(Product(left, b.Right) - Product(b.Left, right), b.Right * b.Right),
            BinaryOperator.Min => Choose(b.Left, b.Right, left, right),
            _ => Choose(b.Right, b.Left, left, right),
        };
    }

    private static ScoreExpression Select(SelectScore s)
    {
        ScoreExpression then = Of(s.Then);
        ScoreExpression otherwise = Of(s.Otherwise);
        return then == otherwise ? then : s with { Then = then, Otherwise = otherwise };
    }

    private static ScoreExpression Choose(ScoreExpression first, ScoreExpression second, ScoreExpression then, ScoreExpression otherwise) =>
        then == otherwise ? then : new SelectScore(Comparison.LessOrEqual, first, second, then, otherwise);

    private static ScoreExpression Sum(ScoreExpression a, ScoreExpression b) => (a, b) switch
    {
        (ConstantScore { Value: 0 }, _) => b,
        (_, ConstantScore { Value: 0 }) => a,
        _ => a + b,
    };

    private static ScoreExpression Quotient(ScoreExpression a, ScoreExpression b) => (a, b) switch
    {
        (ConstantScore { Value: 0 }, _) => Zero,
        (ConstantScore x, ConstantScore y) => Constant(x.Value / y.Value),
        _ => a / b,
    };

    private static ScoreExpression Product(ScoreExpression a, ScoreExpression b) => (a, b) switch
    {
        (ConstantScore { Value: 0 }, _) or (_, ConstantScore { Value: 0 }) => Zero,
        (ConstantScore { Value: 1 }, _) => b,
        (_, ConstantScore { Value: 1 }) => a,
        (ConstantScore x, ConstantScore y) => Constant(x.Value * y.Value),

        // c * ((x) * (1/c)) appears for every soft-cap; fold the constants so that only 1 - tanh² is left.
        (ConstantScore x, BinaryScore { Operator: BinaryOperator.Multiply, Right: ConstantScore y } inner) => Product(Constant(x.Value * y.Value), inner.Left),
        _ => a * b,
    };
}
