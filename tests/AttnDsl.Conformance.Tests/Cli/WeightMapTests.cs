using System.Collections.Generic;
using System.Linq;
using AttnDsl.Cli;
using AttnDsl.Cli.Check;

namespace AttnDsl.Conformance.Tests.Cli;

/// <summary>Map files: comments, repeated names, and which tensor is meant for which weight.</summary>
public sealed class WeightMapTests
{
    private static readonly string[] File = ["Wq", "q_norm", "sinks", "o_proj.weight", "k_proj.weight"];
    private static readonly string[] Stack = ["q_proj.weight", "q_norm.weight", "sinks", "o_proj.weight", "v_proj.weight"];

    [Fact]
    public void CommentsAndEmptyLinesAreSkipped()
    {
        WeightMap map = WeightMap.Parse(["", "# Wq = x", "  Wq=q_proj.weight ", "bias#1 = q_proj.bias # the first"], "map.txt");
        Assert.Equal([("Wq", "q_proj.weight"), ("bias#1", "q_proj.bias")], map.Lines);
    }

    [Theory]
    [InlineData("Wq")]
    [InlineData("Wq = ")]
    [InlineData("= q_proj.weight")]
    [InlineData("Wq = q_proj.weight = x")]
    public void OtherLinesAreRefusedByNumber(string line)
    {
        UnusableInputException e = Assert.Throws<UnusableInputException>(() => WeightMap.Parse(["# one", line], "map.txt"));
        Assert.Contains("line 2 of 'map.txt'", e.Message);
        Assert.Contains(line.Trim(), e.Message);
    }

    [Fact]
    public void OneMapServesSeveralStacks()
    {
        WeightMap map = WeightMap.Parse(["Wq = q_proj.weight", "q_norm = q_norm.weight", "q_norm = q_a_layernorm.weight", "wq = q_proj.weight"], "map.txt");
        Assert.Equal(["Wq"], Candidates(map, "q_proj.weight"));
        Assert.Equal(["q_norm"], Candidates(map, "q_norm.weight"));
    }

    [Fact]
    public void ANameStandsForItselfUnlessItIsGivenAway()
    {
        Assert.Equal(["sinks"], Candidates(WeightMap.Empty, "sinks"));
        Assert.Empty(Candidates(WeightMap.Empty, "v_proj.weight"));
        WeightMap given = WeightMap.Parse(["o_proj.weight = v_proj.weight"], "map.txt");
        Assert.Empty(Candidates(given, "o_proj.weight"));
        Assert.Equal(["o_proj.weight"], Candidates(given, "v_proj.weight"));
        WeightMap elsewhere = WeightMap.Parse(["o_proj.weight = other.weight"], "map.txt");
        Assert.Equal(["o_proj.weight"], Candidates(elsewhere, "o_proj.weight"));
    }

    private static IReadOnlyList<string> Candidates(WeightMap map, string weight) => map.Candidates(weight, File.Contains, Stack.Contains);
}
