using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using AttnDsl.Conformance.Tests;
using AttnDsl.Conformance.Tests.Cli;
using AttnDsl.Torch.Tests.Samples;
using Xunit.Abstractions;

namespace AttnDsl.Torch.Tests.Cli;

using TemporaryFolder = global::AttnDsl.Conformance.Tests.Cli.TemporaryFolder;

/// <summary>The tool's torch backends, run as a user runs the tool.</summary>
public sealed class TorchCheckTests(ITestOutputHelper output) : IDisposable
{
    private const string Recording = "gqa-llama3-rope-interleaved";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(Recording)]
    [InlineData("gqa-alibi-softcap-window-core")]
    public async Task Everything_recorded_is_compared_in_single_precision(string name)
    {
        if (Shared.Find($"goldens/{name}.safetensors", output) is not { } path)
        {
            return;
        }

        JsonNode report = await Check(0, [.. GoldenStacks.Arguments(name, path, folder), "--backends", "torch,torch-fused"]);
        HashSet<string> recorded = GoldenStacks.Quantities(path, name);
        foreach (string backend in (string[])["torch", "torch-fused"])
        {
            JsonNode[] rows = [.. report["rows"]!.AsArray().Where(row => (string)row!["backend"]! == backend).Select(row => row!)];
            Assert.Equal(recorded.Order(), rows.Select(row => (string)row["quantity"]!).Order());
            Assert.All(rows, row => Assert.Equal(("f32", "reference", true), ((string)row["dtype"]!, (string)row["against"]!, (bool)row["ok"]!)));
        }
    }

    [Fact]
    public async Task Torch_computes_in_double_too_and_fused_says_that_it_does_not()
    {
        if (Shared.Find($"goldens/{Recording}.safetensors", output) is not { } path)
        {
            return;
        }

        JsonNode report = await Check(1, [.. GoldenStacks.Arguments(Recording, path, folder), "--backends", "torch,torch-fused", "--dtype", "f64"]);
        JsonNode[] rows = [.. report["rows"]!.AsArray().Where(row => (string)row!["backend"]! == "torch").Select(row => row!)];
        Assert.Equal(GoldenStacks.Quantities(path, Recording).Order(), rows.Select(row => (string)row["quantity"]!).Order());
        Assert.All(rows, row => Assert.True((double)row["maxAbsError"]! < 1e-12, row.ToJsonString()));
        JsonNode refusal = report["rows"]!.AsArray().Single(row => (string)row!["backend"]! == "torch-fused")!;
        Assert.Equal("not available: the backend torch-fused has no such precision, it computes in f32, not in f64", (string)refusal["note"]!);
    }

    [Fact]
    public async Task A_second_libtorch_is_refused()
    {
        if (Shared.Find($"goldens/{Recording}.safetensors", output) is not { } path)
        {
            return;
        }

        JsonNode report = await Check(2, [.. GoldenStacks.Arguments(Recording, path, folder), "--backends", "torch", "--libtorch", folder.PathOf("none")]);
        Assert.Contains("brings its own libtorch", (string)report["error"]!, StringComparison.Ordinal);
    }

    private static async Task<JsonNode> Check(int code, List<string> arguments)
    {
        using SampleProcess tool = SampleProcess.Start("attn", [.. arguments, "--json"]);
        (int actual, string written, string error) = await tool.End();
        Assert.True(actual == code, $"exit code {actual} instead of {code}\n{written}{error}");
        return JsonNode.Parse(written)!;
    }
}
