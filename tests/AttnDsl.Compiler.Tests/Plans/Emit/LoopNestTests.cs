using System.Linq;
using AttnDsl.Compiler.Emit;
using AttnDsl.Compiler.Plan;
using Xunit;
using static AttnDsl.Compiler.Plan.Dim;

namespace AttnDsl.Compiler.Tests.Plans.Emit;

public sealed class LoopNestTests
{
    private static readonly TensorType s_heads = TensorType.Of(B, T, Of(4), Of(8));

    [Fact]
    public void LoopsOverTheRealTokensOfEveryRow()
    {
        var nest = new LoopNest(s_heads, skipLast: true);
        Assert.Equal(["b < batch", "t < rows.Count(b)", "h < heads"], Loops(nest));
        Assert.Equal(["heads"], nest.Parameters);
        Assert.Equal(["4"], LoopNest.Arguments(s_heads, skipLast: true));
        Assert.Equal(["heads", "width"], new LoopNest(s_heads, skipLast: false).Parameters);
        Assert.Equal(["4", "8"], LoopNest.Arguments(s_heads, skipLast: false));
    }

    [Fact]
    public void VisibleTokensCountPerRow() => Assert.Contains("t < rows.KeyCount(b)", Loops(new LoopNest(TensorType.Of(B, S, Of(8)), skipLast: false)));

    [Fact]
    public void IndexIsRowMajor()
    {
        var nest = new LoopNest(s_heads, skipLast: false);
        Assert.Equal("((b * tokens + t) * heads + h) * width + c", nest.Index(s_heads));
        Assert.Equal("((b * tokens + t) * heads + h) * outputs + r", nest.Index(s_heads, ("r", "outputs")));
        Assert.Equal("((b * keys + t) * heads + h) * width + c", nest.Index(TensorType.Of(B, S, Of(4), Of(8))));
    }

    [Fact]
    public void RepeatedAxesTakeNoPart()
    {
        var nest = new LoopNest(s_heads, skipLast: false);
        Assert.Equal("(b * tokens + t) * heads + h", nest.Index(TensorType.Of(B, T, Of(4), Of(1))));
        Assert.Equal("(b * tokens + t) * width + c", nest.Index(TensorType.Of(B, T, Of(1), Of(8))));
        Assert.Equal("h * width + c", nest.Index(TensorType.Constant(4, 8)));
        Assert.Equal("c", nest.Index(TensorType.Constant(8)));
        Assert.Equal("h", nest.Index(TensorType.Constant(4, 1)));
        Assert.Equal("0", nest.Index(TensorType.Constant(1, 1)));
    }

    [Fact]
    public void AnExtentOfOneThatIsTheNestsOwnIsLoopedOver()
    {
        TensorType one = TensorType.Of(B, T, Of(1), Of(8));
        var nest = new LoopNest(one, skipLast: false);
        Assert.Equal("((b * tokens + t) * heads + h) * width + c", nest.Index(one));
        Assert.Equal(LoopNest.Pattern(s_heads, s_heads), LoopNest.Pattern(one, one));
    }

    [Fact]
    public void WeightsLoopOverTheirOwnAxes()
    {
        TensorType matrix = TensorType.Constant(3, 5);
        var nest = new LoopNest(matrix, skipLast: false);
        Assert.Equal(["b < heads", "c < width"], Loops(nest));
        Assert.Equal("b * width + c", nest.Index(matrix));
    }

    [Fact]
    public void SizesAreExpressions()
    {
        var nest = new LoopNest(s_heads, skipLast: false);
        Assert.Equal("batch, tokens, heads, width", nest.Size(s_heads));
        Assert.Equal("batch, tokens, heads, 1", nest.Size(TensorType.Of(B, T, Of(4), Of(1))));
        Assert.Equal("batch, tokens, heads, outputs", nest.Size(TensorType.Of(B, T, Of(4), Of(99)), "outputs"));
        Assert.Throws<PlanException>(() => new LoopNest(TensorType.Of(B, Windows(4, 2), Of(8)), skipLast: false));
    }

    [Fact]
    public void PatternsTellTextsApart()
    {
        Assert.Equal("BTcc", LoopNest.Pattern(s_heads, s_heads));
        Assert.Equal("BTc1", LoopNest.Pattern(TensorType.Of(B, T, Of(4), Of(1)), s_heads));
        Assert.Equal("c", LoopNest.Pattern(TensorType.Constant(8), s_heads));
        Assert.Equal("BScc", LoopNest.Pattern(TensorType.Of(B, S, Of(2), Of(3)), TensorType.Of(B, S, Of(2), Of(3))));
    }

    private static string[] Loops(LoopNest nest) => [.. nest.Loops.Select(loop => loop["variable"] + " < " + loop["bound"])];
}
