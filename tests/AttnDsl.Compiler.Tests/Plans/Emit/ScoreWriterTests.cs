using AttnDsl.Compiler.Emit;
using AttnDsl.Compiler.Plan.Scores;
using Xunit;
using static AttnDsl.Compiler.Plan.Scores.ScoreExpression;

namespace AttnDsl.Compiler.Tests.Plans.Emit;

public sealed class ScoreWriterTests
{
    private static readonly ScoreExpression s_score = TheScore.Instance;
    private static readonly ScoreWriter s_double = new(ScalarType.Double, "z", name => "My." + name);
    private static readonly ScoreWriter s_single = new(ScalarType.Single, "z", name => "My." + name);

    [Fact]
    public void TheScoreIsItsVariable() => Assert.Equal("z", s_double.Write(s_score));

    [Fact]
    public void SoftCap()
    {
        ScoreExpression cap = Constant(50) * Tanh(s_score * Constant(0.02));
        Assert.Equal("50.0 * double.Tanh(z * 0.02)", s_double.Write(cap));
        Assert.Equal("50f * float.Tanh(z * 0.02f)", s_single.Write(cap));
    }

    [Fact]
    public void Slopes() => Assert.Equal(
        "z - (My.slopes[h] * double.Abs(i - j))",
        s_double.Write(s_score - (new CapturedScore("slopes", IndexKind.Head) * Abs(IndexScore.Row - IndexScore.Column))));

    [Fact]
    public void OuterParenthesesGoOnlyWhenTheyAreOnePair() => Assert.Equal("(z + i) * (z - j)", s_double.Write((s_score + IndexScore.Row) * (s_score - IndexScore.Column)));

    [Fact]
    public void SelectAndMinMax() => Assert.Equal(
        "i <= j ? double.Min(z, 1.0) : double.Max(z / h, 0.5)",
        s_double.Write(new SelectScore(
            Comparison.LessOrEqual,
            IndexScore.Row,
            IndexScore.Column,
            new BinaryScore(BinaryOperator.Min, s_score, Constant(1)),
            new BinaryScore(BinaryOperator.Max, s_score / IndexScore.Head, Constant(0.5)))));

    [Fact]
    public void NegationKeepsItsOperandTogether()
    {
        Assert.Equal("-(z + 1.0)", s_double.Write(new UnaryScore(UnaryOperator.Negate, s_score + Constant(1))));
        Assert.Equal("double.Exp(z)", s_double.Write(Exp(s_score)));
    }

    [Theory]
    [InlineData(1.0, "1.0", "1f")]
    [InlineData(-0.1, "-0.1", "-0.1f")]
    [InlineData(1e30, "1E+30", "1E+30f")]
    [InlineData(double.NaN, "double.NaN", "float.NaN")]
    [InlineData(double.NegativeInfinity, "double.NegativeInfinity", "float.NegativeInfinity")]
    public void LiteralsAreOfTheirType(double value, string twice, string single)
    {
        Assert.Equal(twice, ScalarType.Double.Literal(value));
        Assert.Equal(single, ScalarType.Single.Literal(value));
    }

    [Fact]
    public void MasksAreConditions()
    {
        Mask mask = Mask.Everything.And(new CausalAtom()).AndAny(new WindowAtom(4, null), new SinkTokensAtom(2)).And(new WindowAtom(9, 3));
        Assert.Equal("j <= i && (i - j <= 4 || j < 2) && i - j <= 9 && j - i <= 3", MaskWriter.Condition(mask, s_double));
        Assert.Null(MaskWriter.Condition(Mask.Everything, s_double));
        Assert.Equal("z >= 0", MaskWriter.Condition(Mask.Everything.And(new PredicateAtom(s_score)), s_double));
        Assert.True(MaskWriter.CanWrite(mask));
        Assert.False(MaskWriter.CanWrite(mask.And(new WindowCompleteAtom(4, 2))));
    }

    /// <summary>A window open on both sides hides nothing, and inside an OR two bounds belong together.</summary>
    [Fact]
    public void WindowsStayOneCondition()
    {
        Mask joined = Mask.Everything.AndAny(new WindowAtom(4, 1), new SinkTokensAtom(2));
        Assert.Equal("(i - j <= 4 && j - i <= 1 || j < 2)", MaskWriter.Condition(joined, s_double));
    }
}
