using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Plan.Scores;
using CsCheck;
using Xunit;
using static AttnDsl.Compiler.Plan.Scores.ScoreExpression;

namespace AttnDsl.Compiler.Tests.Plans;

/// <summary>Symbolic derivatives of score expressions.</summary>
public sealed class ScoreDerivativeTests
{
    private static readonly ScoreExpression s_score = TheScore.Instance;
    private static readonly Dictionary<string, double[]> s_buffers = new() { ["table"] = [0.7, -1.3] };

    [Fact]
    public void NothingButTheScore()
    {
        Assert.True(ScoreDerivative.IsOne(ScoreDerivative.Of(s_score)));
        Assert.True(ScoreDerivative.IsOne(ScoreDerivative.Of(s_score - (new CapturedScore("table", IndexKind.Head) * IndexScore.Row))));
        Assert.Equal(Constant(0), ScoreDerivative.Of(IndexScore.Column * Constant(3)));
    }

    [Fact]
    public void ASoftCapLeavesOneMinusTanhSquared()
    {
        ScoreExpression tanh = Tanh(s_score * Constant(0.25));
        Assert.Equal(Constant(1) - (tanh * tanh), ScoreDerivative.Of(Constant(4) * tanh));
        Assert.Equal("(1 − (tanh((s·0.25))·tanh((s·0.25))))", ScoreText.Of(ScoreDerivative.Of(Constant(4) * tanh)));
    }

    [Fact]
    public void BranchesWithEqualSlopesNeedNoChoice()
    {
        Assert.Equal(Constant(1), ScoreDerivative.Of(new SelectScore(Comparison.Less, IndexScore.Row, Constant(3), s_score, s_score + Constant(1))));
        Assert.Equal(Constant(1), ScoreDerivative.Of(new BinaryScore(BinaryOperator.Min, s_score, s_score + Constant(1))));
    }

    [Fact]
    public void AbsHasSlopeZeroAtZero() => Assert.Equal(0, At(ScoreDerivative.Of(Abs(s_score)), 0));

    [Fact]
    public void SubstitutionNests()
    {
        ScoreExpression twice = (Constant(2) * s_score).Substitute(Tanh(s_score));
        Assert.Equal(Constant(2) * Tanh(s_score), twice);
    }

    [Fact]
    public void AnyExpressionAgreesWithDifferences() => Expressions(4).Sample(
        expression =>
        {
            ScoreExpression derivative = ScoreDerivative.Of(expression);
            foreach (double s in new[] { -1.2374619283, 0.4113729184, 1.8731946285 })
            {
                // Comparisons jump and kinks bend; a point where two steps disagree is none to compare at.
                (double wide, double narrow) = (Slope(expression, s, 1e-5), Slope(expression, s, 1e-6));
                double scale = Math.Max(1, Math.Abs(narrow));
                if (double.IsFinite(narrow) && Math.Abs(narrow) < 1e4 && Math.Abs(wide - narrow) < 1e-5 * scale)
                {
                    Assert.Equal(narrow / scale, At(derivative, s) / scale, 1e-4);
                }
            }
        },
        iter: 20000,
        threads: 1);

    private static double Slope(ScoreExpression expression, double s, double step) => (At(expression, s + step) - At(expression, s - step)) / (2 * step);

    private static double At(ScoreExpression expression, double s) => new ScoreInterpreter(s, 5, 3, 1, s_buffers).Of(expression);

    private static Gen<ScoreExpression> Expressions(int depth)
    {
        Gen<ScoreExpression> leaf = Gen.OneOf(
            Gen.Const(s_score),
            Gen.Const(s_score),
            Gen.Double[-2, 2].Select(Constant),
            Gen.Const<ScoreExpression>(IndexScore.Row),
            Gen.Const<ScoreExpression>(new CapturedScore("table", IndexKind.Head)));
        if (depth == 0)
        {
            return leaf;
        }

        // Exponents and divisors stay where numbers stay finite, and no rounding error decides a comparison.
        Gen<ScoreExpression> inner = Expressions(depth - 1);
        return Gen.OneOf(
            leaf,
            Gen.Select(Gen.Enum<UnaryOperator>(), inner, (op, x) => (ScoreExpression)new UnaryScore(op, op == UnaryOperator.Exp ? Tanh(x) : x)),
            Gen.Select(Gen.Enum<BinaryOperator>(), inner, inner, (op, a, b) => (ScoreExpression)new BinaryScore(op, a, op == BinaryOperator.Divide ? Constant(2) + Tanh(b) : b)),
            Gen.Select(Gen.Enum<Comparison>(), leaf, Gen.Int[-4, 5], inner, inner, (op, a, b, c, d) => (ScoreExpression)new SelectScore(op, a, Constant(b), c, d)));
    }
}
