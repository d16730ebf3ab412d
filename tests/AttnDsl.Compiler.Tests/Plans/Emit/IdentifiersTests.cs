using AttnDsl.Compiler.Emit;
using Xunit;

namespace AttnDsl.Compiler.Tests.Plans.Emit;

public sealed class IdentifiersTests
{
    [Theory]
    [InlineData("q_proj.weight", "QProj")]
    [InlineData("q_proj.bias", "QProjBias")]
    [InlineData("q_norm.weight", "QNorm")]
    [InlineData("sinks", "Sinks")]
    [InlineData("kv_a_proj_with_mqa.weight", "KvAProjWithMqa")]
    [InlineData("weight", "Weight")]
    public void PropertiesOfWeights(string name, string property) => Assert.Equal(property, Identifiers.WeightProperty(name));

    [Fact]
    public void LocalsAreCamelCase()
    {
        var identifiers = new Identifiers([]);
        Assert.Equal("qProjWeight", identifiers.Local("q_proj.weight"));
        Assert.Equal("o", identifiers.Local("o"));
        Assert.Equal("dqRotated2", identifiers.Local("dq_rotated_2"));
    }

    [Fact]
    public void TakenReservedAndKeywordNamesGetANumber()
    {
        var identifiers = new Identifiers(["rows"]);
        Assert.Equal("rows2", identifiers.Local("rows"));
        Assert.Equal("rows3", identifiers.Local("rows"));
        Assert.Equal("out2", identifiers.Local("out"));
        Assert.Equal("k", identifiers.Local("k"));
        Assert.Equal("k2", identifiers.Local("k"));
        Assert.Equal("k22", identifiers.Local("k_2"));
    }
}
