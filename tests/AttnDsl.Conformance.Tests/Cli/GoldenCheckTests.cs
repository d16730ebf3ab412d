using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Cli;

/// <summary>The verdicts of <c>attn check</c> on every recording of grouped and sparse query attention.</summary>
public sealed class GoldenCheckTests(ITestOutputHelper log)
{
    public static TheoryData<string> Names => [.. GoldenStacks.ByName.Keys];

    public static TheoryData<string> NamesWithGradients => [.. GoldenStacks.ByName.Keys.Where(GoldenStacks.Differentiates)];

    [Fact]
    public void GradientsOfALayerThatHasNoneAreSkippedAndTheReportSaysWhy()
    {
        const string name = "diffqkv-selective-v";
        if (GoldenFolder.PathOf(name) is not { } path)
        {
            return;
        }

        using TemporaryFolder folder = new();
        AttnTool run = AttnTool.Run([.. GoldenStacks.Arguments(name, path, folder), "--json", "--backends", "cpu"]);
        Assert.True(run.ExitCode == 0, run.ToString());
        JsonNode row = Assert.Single(run.Json["rows"]!.AsArray(), row => (string)row!["quantity"]! == "gradients")!;
        Assert.True((bool)row["ok"]!);
        Assert.Null(row["maxAbsError"]);
        Assert.StartsWith("skipped: the layer has no gradient: of a query's weights only the 5 largest count", (string)row["note"]!, System.StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryRecordedQuantityAgrees(string name)
    {
        if (GoldenFolder.PathOf(name) is not { } path)
        {
            return;
        }

        using TemporaryFolder folder = new();
        AttnTool run = AttnTool.Run([.. GoldenStacks.Arguments(name, path, folder), "--json"]);

        Report(run);
        Assert.True(run.ExitCode == 0, run.ToString());
        JsonNode?[] rows = [.. run.Json["rows"]!.AsArray().Where(r => (string)r!["quantity"]! != "gradients")];
        Assert.Equal(GoldenStacks.Quantities(path, name), rows.Select(r => (string)r!["quantity"]!).ToHashSet());
        Assert.All(rows, row => Assert.True((double)row!["maxAbsError"]! <= 1e-9));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void SinglePrecisionIsWithinTheYardsticksLimit(string name)
    {
        if (GoldenFolder.PathOf(name) is not { } path)
        {
            return;
        }

        using TemporaryFolder folder = new();
        AttnTool run = AttnTool.Run([.. GoldenStacks.Arguments(name, path, folder), "--json", "--dtype", "f32"]);

        Report(run);
        Assert.True(run.ExitCode == 0, run.ToString());
        JsonNode?[] single = [.. run.Json["rows"]!.AsArray().Where(r => (string)r!["dtype"]! == "f32")];
        Assert.Equal(GoldenStacks.Quantities(path, name), single.Select(r => (string)r!["quantity"]!).ToHashSet());
        Assert.Contains(single, row => (double)row!["maxAbsError"]! > 0);
    }

    [Theory]
    [MemberData(nameof(NamesWithGradients))]
    public void AWrongResultIsAMissInItsRowAlone(string name)
    {
        if (GoldenFolder.PathOf(name) is not { } path)
        {
            return;
        }

        using TemporaryFolder folder = new();
        bool core = GoldenStacks.IsCore(name);
        string wrong = core ? "grad.k" : GoldenStacks.KeyGradient(name);
        string edited = EditedRecording.Read(path).Shift(wrong, 3, 1e-6).Save(folder.PathOf("edited.safetensors"));
        AttnTool run = AttnTool.Run([.. GoldenStacks.Arguments(name, edited, folder), "--json"]);

        Assert.True(run.ExitCode == 1, run.ToString());
        JsonNode miss = Assert.Single(run.Json["rows"]!.AsArray(), row => !(bool)row!["ok"]!)!;
        Assert.Equal(wrong, (string)miss["quantity"]!);
        Assert.Contains("worst at [", (string)miss["note"]!);
        Assert.InRange((double)miss["maxAbsError"]!, 0.99e-6, 1.01e-6);
    }

    [Fact]
    public void AWrongWeightIsAMissEverywhere()
    {
        const string name = "gqa-llama3-rope-interleaved";
        if (GoldenFolder.PathOf(name) is not { } path)
        {
            return;
        }

        using TemporaryFolder folder = new();
        string edited = EditedRecording.Read(path).Shift("Wq", 0, 1e-3).Save(folder.PathOf("edited.safetensors"));
        AttnTool run = AttnTool.Run([.. GoldenStacks.Arguments(name, edited, folder)]);

        Assert.True(run.ExitCode == 1, run.ToString());
        Assert.Contains("MISS", run.Output);
        Assert.DoesNotContain('\u001b', run.Output);
    }

    [Fact]
    public void AWrongStackIsAMiss()
    {
        const string name = "gqa-llama3-rope-interleaved";
        if (GoldenFolder.PathOf(name) is not { } path)
        {
            return;
        }

        using TemporaryFolder folder = new();
        AttnTool run = AttnTool.Run(
            "check",
            path,
            "--stack",
            GoldenStacks.ByName[name].Replace("Interleaved", "HalfSplit"),
            "--map",
            folder.Write("map.txt", GoldenStacks.Map));

        Assert.True(run.ExitCode == 1, run.ToString());
    }

    [Fact]
    public void ToleranceReplacesTheLimits()
    {
        const string name = "sqa-sqa";
        if (GoldenFolder.PathOf(name) is not { } path)
        {
            return;
        }

        using TemporaryFolder folder = new();
        string edited = EditedRecording.Read(path).Shift("out", 5, 1e-4).Save(folder.PathOf("edited.safetensors"));
        Assert.Equal(1, AttnTool.Run([.. GoldenStacks.Arguments(name, edited, folder)]).ExitCode);
        Assert.Equal(0, AttnTool.Run([.. GoldenStacks.Arguments(name, edited, folder), "--tolerance", "1e-3"]).ExitCode);
        Assert.Equal(1, AttnTool.Run([.. GoldenStacks.Arguments(name, edited, folder), "--tolerance", "1e-5"]).ExitCode);
    }

    [Fact]
    public void ACoreMayBeRecordedHeadsFirst()
    {
        const string name = "gqa-alibi-softcap-window-core";
        if (GoldenFolder.PathOf(name) is not { } path)
        {
            return;
        }

        using TemporaryFolder folder = new();
        EditedRecording recording = EditedRecording.Read(path);
        foreach (string tensor in new[] { "q", "k", "v", "out", "g", "grad.q", "grad.k", "grad.v" })
        {
            recording.Transpose(tensor);
        }

        string edited = recording.Save(folder.PathOf("edited.safetensors"));
        AttnTool swapped = AttnTool.Run([.. GoldenStacks.Arguments(name, edited, folder), "--layout", "BHTD"]);
        Assert.True(swapped.ExitCode == 0, swapped.ToString());

        AttnTool forgotten = AttnTool.Run([.. GoldenStacks.Arguments(name, edited, folder)]);
        Assert.True(forgotten.ExitCode == 2, forgotten.ToString());
        Assert.Contains("--layout BHTD", forgotten.Error);
    }

    [Fact]
    public void AStackWithoutACacheCannotDecode()
    {
        const string name = "sqa-ssqa-bidirectional";
        if (GoldenFolder.PathOf(name) is not { } path)
        {
            return;
        }

        using TemporaryFolder folder = new();
        AttnTool run = AttnTool.Run([.. GoldenStacks.Arguments(name, path, folder), "--decode", "9", "--json"]);
        Assert.True(run.ExitCode == 1, run.ToString());
        JsonNode miss = Assert.Single(run.Json["rows"]!.AsArray(), row => !(bool)row!["ok"]!)!;
        Assert.Equal("decode", (string)miss["quantity"]!);
        Assert.Contains("[Causal]", (string)miss["note"]!);
    }

    private void Report(AttnTool run)
    {
        if (run.ExitCode == 2)
        {
            return;
        }

        foreach (JsonNode? row in run.Json["rows"]?.AsArray() ?? [])
        {
            log.WriteLine($"{row!["backend"]} {row["dtype"]} {row["quantity"]}: {row["maxAbsError"]} (limit {row["limit"]})");
        }
    }
}
