using System;
using System.Linq;
using AttnDsl.Cli.Check;
using AttnDsl.Cli.Layers;
using AttnDsl.Cli.Stacks;

namespace AttnDsl.Conformance.Tests.Cli;

/// <summary>Recordings of the core alone: which weights belong to it, and what is asked of the file.</summary>
public sealed class CoreCheckTests
{
    internal const string Sinks = "[Attention(dim: 12, heads: 4, headDim: 6, Bias = true)] [GroupedQuery(kv: 2)] [QkNorm] [Causal] [AttentionSink]";

    [Fact]
    public void OnlyTheWeightsOfTheCoreAreAskedFor()
    {
        using TemporaryFolder folder = new();
        string path = Record().Save(folder.PathOf("core.safetensors"));
        string map = folder.Write("map.txt", "s = sinks");

        AttnTool run = AttnTool.Run("check", path, "--stack", Sinks, "--map", map, "--gradients", "--json");
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal("core", (string)run.Json["mode"]!);
        Assert.Equal(
            ["out", "grad.q", "grad.k", "grad.v", "grad.s"],
            run.Json["rows"]!.AsArray().Select(r => (string)r!["quantity"]!));

        AttnTool unmapped = AttnTool.Run("check", path, "--stack", Sinks);
        Assert.True(unmapped.ExitCode == 2, unmapped.ToString());
        Assert.Contains("lacks weights of the stack: 'sinks' [4];", unmapped.Error);
    }

    [Fact]
    public void AWrongSinkIsAMiss()
    {
        using TemporaryFolder folder = new();
        string path = Record().Shift("s", 1, 0.5).Save(folder.PathOf("core.safetensors"));
        AttnTool run = AttnTool.Run("check", path, "--stack", Sinks, "--map", folder.Write("map.txt", "s = sinks"));
        Assert.True(run.ExitCode == 1, run.ToString());
    }

    [Theory]
    [InlineData("--decode", "1")]
    [InlineData("--next", "a=b")]
    public void TheCoreAloneCannotDecode(string option, string value)
    {
        using TemporaryFolder folder = new();
        string path = Record().Save(folder.PathOf("core.safetensors"));
        AttnTool run = AttnTool.Run("check", path, "--stack", Sinks, "--map", folder.Write("map.txt", "s = sinks"), option, value);
        Assert.True(run.ExitCode == 2, run.ToString());
        Assert.Contains(option, run.Error);
    }

    [Fact]
    public void AStackWithoutCoreWeightsReadsNone() =>
        Assert.Empty(CoreWeights.ReadBy(StackCompiler.Compile("[Attention(dim: 12, heads: 4)] [QkNorm] [Causal]").Require().Reference));

    [Theory]
    [InlineData("ilgpu")]
    [InlineData("reference,gpu")]
    public void ABackendThatIsNotHereIsAMiss(string names)
    {
        using TemporaryFolder folder = new();
        string path = Record().Save(folder.PathOf("core.safetensors"));
        AttnTool run = AttnTool.Run("check", path, "--stack", Sinks, "--map", folder.Write("map.txt", "s = sinks"), "--backends", names, "--json");
        Assert.True(run.ExitCode == 1, run.ToString());
        var rows = run.Json["rows"]!.AsArray();
        Assert.Equal(("reference", true), ((string)rows[0]!["backend"]!, (bool)rows[0]!["ok"]!));
        Assert.Equal((names.Split(',')[^1], false), ((string)rows[1]!["backend"]!, (bool)rows[1]!["ok"]!));
        Assert.StartsWith("not available: ", (string)rows[1]!["note"]!);
    }

    /// <summary>What the reference itself makes of random inputs.</summary>
    internal static EditedRecording Record()
    {
        ILayer<double> layer = StackCompiler.Compile(Sinks).Require().Reference;
        Random random = new(7);
        double[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => (2 * random.NextDouble()) - 1)];
        const int batch = 2, queries = 3, keys = 5;
        double[] q = Draw(batch * queries * 4 * 6);
        double[] k = Draw(batch * keys * 2 * 6);
        double[] v = Draw(batch * keys * 2 * 6);
        double[] g = Draw(q.Length);
        AttentionWeights<double> weights = layer.ZeroWeights();
        Draw(4).CopyTo(weights["sinks"].Data, 0);
        TokenRows rows = TokenRows.Core(batch, queries, keys);
        AttentionWeights<double> gradients = layer.ZeroWeights();
        CoreGradients<double> found = layer.CoreBackward(weights, q, k, v, g, gradients, rows);
        return new EditedRecording()
            .Put("q", [batch, queries, 4, 6], q)
            .Put("k", [batch, keys, 2, 6], k)
            .Put("v", [batch, keys, 2, 6], v)
            .Put("s", [4], weights["sinks"].Data)
            .Put("out", [batch, queries, 4, 6], layer.Core(weights, q, k, v, rows).Output)
            .Put("g", [batch, queries, 4, 6], g)
            .Put("grad.q", [batch, queries, 4, 6], found.Query)
            .Put("grad.k", [batch, keys, 2, 6], found.Key)
            .Put("grad.v", [batch, keys, 2, 6], found.Value)
            .Put("grad.s", [4], gradients["sinks"].Data);
    }
}
