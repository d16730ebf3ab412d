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
        Assert.Equal(
            "for (int b = 0; b < batch; b++)\n{\nfor (int t = 0; t < rows.Count(b); t++)\n{\nfor (int h = 0; h < 4; h++)\n{",
            nest.Open);
        Assert.Equal("}\n}\n}", nest.Close);
    }

    [Fact]
    public void VisibleTokensCountPerRow() => Assert.Contains("t < rows.KeyCount(b)", new LoopNest(TensorType.Of(B, S, Of(8)), skipLast: false).Open);

    [Fact]
    public void IndexIsRowMajor()
    {
        var nest = new LoopNest(s_heads, skipLast: false);
        Assert.Equal("((b * tokens + t) * 4 + h) * 8 + c", nest.Index(s_heads));
        Assert.Equal("((b * tokens + t) * 4 + h) * 8 + r", nest.Index(s_heads, "r"));
    }

    [Fact]
    public void RepeatedAxesTakeNoPart()
    {
        var nest = new LoopNest(s_heads, skipLast: false);
        Assert.Equal("(b * tokens + t) * 4 + h", nest.Index(TensorType.Of(B, T, Of(4), Of(1))));
        Assert.Equal("(b * tokens + t) * 8 + c", nest.Index(TensorType.Of(B, T, Of(1), Of(8))));
        Assert.Equal("h * 8 + c", nest.Index(TensorType.Constant(4, 8)));
        Assert.Equal("c", nest.Index(TensorType.Constant(8)));
        Assert.Equal("h", nest.Index(TensorType.Constant(4, 1)));
        Assert.Equal("0", nest.Index(TensorType.Constant(1, 1)));
    }

    [Fact]
    public void WeightsLoopOverTheirOwnAxes()
    {
        TensorType matrix = TensorType.Constant(3, 5);
        var nest = new LoopNest(matrix, skipLast: false);
        Assert.Equal("for (int b = 0; b < 3; b++)\n{\nfor (int c = 0; c < 5; c++)\n{", nest.Open);
        Assert.Equal("b * 5 + c", nest.Index(matrix));
    }

    [Fact]
    public void ExtentsAreExpressions()
    {
        Assert.Equal(["batch", "tokens", "4", "8"], LoopNest.Extents(s_heads));
        Assert.Equal("keys", LoopNest.Extent(S));
        Assert.Throws<PlanException>(() => LoopNest.Extent(Windows(4, 2)));
    }
}
