using AttnDsl.Compiler.Emit;
using Xunit;

namespace AttnDsl.Compiler.Tests.Plans.Emit;

public sealed class CodeLayoutTests
{
    [Fact]
    public void BracesIndent() => Assert.Equal("a\n{\n    b\n    {\n        c\n    }\n}\n", CodeLayout.Format("  a\n{\nb\n      {\nc\n}\n  }\n"));

    [Fact]
    public void BlankLinesCollapseAndVanishAtBraces() =>
        Assert.Equal("a\n\nb\n{\n    c\n}\n\nd\n", CodeLayout.Format("\n\na\n\n\n\nb\n{\n\nc\n\n\n}\n\nd\n\n\n"));

    [Fact]
    public void ContinuationsStandOneDeeper() => Assert.Equal("{\n    a =\n        b\n        + c;\n}\n", CodeLayout.Format("{\na =\n~ b\n~+ c;\n}"));

    [Fact]
    public void DirectivesStayAtTheMargin() => Assert.Equal("{\n#pragma warning disable X\n    a\n}\n", CodeLayout.Format("{\n  #pragma warning disable X\na\n}"));

    [Fact]
    public void TrailersOfABlockCloseIt() => Assert.Equal("new()\n{\n    a,\n};\n", CodeLayout.Format("new()\n{\na,\n};"));

    [Fact]
    public void CarriageReturnsGo() => Assert.Equal("a\n{\n    b\n}\n", CodeLayout.Format("a\r\n{\r\nb\r\n}\r\n"));

    [Fact]
    public void LaidOutTextStaysAsItIs()
    {
        string once = CodeLayout.Format("a\n{\n\nb\n{\nc\n}\n}\n");
        Assert.Equal(once, CodeLayout.Format(once));
    }
}
