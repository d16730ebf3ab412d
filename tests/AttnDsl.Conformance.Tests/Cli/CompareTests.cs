using System.Linq;
using System.Text.Json.Nodes;

namespace AttnDsl.Conformance.Tests.Cli;

/// <summary><c>attn compare</c>: of each stack what <c>attn describe</c> says, side by side.</summary>
public sealed class CompareTests
{
    private const string Full = "[Attention(dim: 512, heads: 8)] [Causal]";
    private const string Grouped = "[Attention(dim: 512, heads: 8)] [GroupedQuery(kv: 2)] [Causal]";
    private const string Bidirectional = "[Attention(dim: 512, heads: 8)]";

    [Fact]
    public void EachStackIsDescribedInItsOrder()
    {
        AttnTool run = AttnTool.Run("compare", "--json", "--stack", Full, "--stack", Grouped, "--tokens", "1000", "--context", "500");
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.True((bool)run.Json["accepted"]!);
        Assert.Equal(1000, (long)run.Json["tokens"]!);
        Assert.Equal(500, (long)run.Json["context"]!);
        JsonArray stacks = run.Json["stacks"]!.AsArray();
        Assert.Equal([Full, Grouped], stacks.Select(s => (string)s!["stack"]!));
        foreach (JsonNode? stack in stacks)
        {
            AttnTool alone = AttnTool.Run("describe", "--json", "--stack", (string)stack!["stack"]!, "--tokens", "1000", "--context", "500");
            Assert.Equal(alone.Json.ToJsonString(), stack.ToJsonString());
        }
    }

    [Fact]
    public void TheOthersAreMeasuredByTheFirst()
    {
        AttnTool run = AttnTool.Run("compare", "--stack", Full, "--stack", Grouped, "--stack", Bidirectional);
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Matches(@"(?m)^A +\[Attention\(dim: 512, heads: 8\)\] \[Causal\]", run.Output);
        Assert.Matches(@"cache per token, scalars +1024 +256, 0\.250x +none", run.Output);
        Assert.Matches(@"decode at context 2048, FLOPs .* none", run.Output);
        Assert.Contains("needs [Causal]", run.Output);
    }

    [Fact]
    public void ARefusedStackStopsTheComparison()
    {
        const string Wrong = "[Attention(dim: 512, heads: 8)] [GroupedQuery(kv: 3)] [Causal]";
        AttnTool text = AttnTool.Run("compare", "--stack", Full, "--stack", Wrong);
        Assert.Equal(1, text.ExitCode);
        Assert.Contains("error ATTN", text.Output);
        Assert.DoesNotContain("parameters", text.Output);

        AttnTool json = AttnTool.Run("compare", "--json", "--stack", Wrong, "--stack", Full);
        Assert.Equal(1, json.ExitCode);
        Assert.False((bool)json.Json["accepted"]!);
        Assert.Equal([false, true], json.Json["stacks"]!.AsArray().Select(s => (bool)s!["accepted"]!));
    }

    [Theory]
    [InlineData("at least 2 stacks", "compare", "--stack", Full)]
    [InlineData("--context: expected at least 1, got 0", "compare", "--stack", Full, "--stack", Grouped, "--context", "0")]
    public void WhatCannotBeComparedIsSaid(string expected, params string[] arguments)
    {
        AttnTool run = AttnTool.Run(arguments);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Output + run.Error);
    }
}
