using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using AttnDsl.Cli.Check;
using AttnDsl.Cli.Stacks;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Cli;

/// <summary>The CPU backend in <c>attn check</c>: it agrees on every recording, and what is wrong is seen.</summary>
public sealed class CpuCheckTests(ITestOutputHelper log)
{
    private const string Llama = "gqa-llama3-rope-interleaved";
    private const string Half = " [KvCache(Element = CacheElement.BFloat16)]";

    public static TheoryData<string> Names => [.. GoldenStacks.ByName.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryQuantityIsWithinTheRule(string name)
    {
        if (GoldenFolder.PathOf(name) is not { } path)
        {
            return;
        }

        using TemporaryFolder folder = new();
        AttnTool run = AttnTool.Run([.. GoldenStacks.Arguments(name, path, folder), "--backends", "reference,cpu", "--json"]);
        Report(run);

        Assert.True(run.ExitCode == 0, run.ToString());
        JsonNode[] cpu = Rows(run, "cpu");
        Assert.Equal(GoldenStacks.Quantities(path, name), cpu.Select(Quantity).ToHashSet());
        Assert.Equal(GoldenStacks.Quantities(path, name), Rows(run, "reference").Select(Quantity).ToHashSet());
        Assert.All(cpu, row => Assert.Equal(("f32", "reference"), ((string)row["dtype"]!, (string)row["against"]!)));
        Assert.Contains(cpu, row => (double)row["maxAbsError"]! > 0);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void AWrongQuantityIsAMissInItsRowAlone(string name)
    {
        if (GoldenFolder.PathOf(name) is not { } path)
        {
            return;
        }

        (CompiledStack stack, CheckCase check) = Read(name, GoldenStacks.ByName[name], path);
        Dictionary<string, double> own = Run(new CpuBackend(0)).Where(r => r.Backend == "cpu").ToDictionary(r => r.Quantity, r => r.MaxAbsError!.Value);
        foreach (string quantity in check.Expectations.Select(e => e.Quantity))
        {
            CheckRow[] rows = Run(new Wrong(quantity, 1e-4));
            CheckRow miss = Assert.Single(rows, r => !r.Ok);
            Assert.Equal(("cpu", quantity), (miss.Backend, miss.Quantity));
            Assert.InRange(miss.MaxAbsError!.Value, 0.999e-4 - own[quantity], 1.001e-4 + own[quantity]);
            Assert.StartsWith("worst at [", miss.Note);
        }

        CheckRow[] Run(ICheckBackend backend) => [.. CheckRunner.Run(stack, check, new CheckBackends(backend), ["cpu"], null, null, false, CancellationToken.None)];
    }

    [Fact]
    public void AWrongRecordingIsNotHeldAgainstTheBackend()
    {
        if (GoldenFolder.PathOf(Llama) is not { } path)
        {
            return;
        }

        using TemporaryFolder folder = new();
        string edited = EditedRecording.Read(path).Shift("out", 3, 1e-6).Save(folder.PathOf("edited.safetensors"));
        AttnTool run = AttnTool.Run([.. GoldenStacks.Arguments(Llama, edited, folder), "--backends", "reference,cpu", "--json"]);
        Assert.True(run.ExitCode == 1, run.ToString());
        Assert.Equal(["out", "decode"], Rows(run, "reference").Where(r => !(bool)r["ok"]!).Select(Quantity));
        Assert.All(Rows(run, "cpu"), row => Assert.True((bool)row["ok"]!));
    }

    [Fact]
    public void ThereIsNoDoubleOnTheCpuBackend()
    {
        if (GoldenFolder.PathOf(Llama) is not { } path)
        {
            return;
        }

        using TemporaryFolder folder = new();
        AttnTool run = AttnTool.Run([.. GoldenStacks.Arguments(Llama, path, folder), "--backends", "cpu", "--dtype", "f64", "--json"]);
        Assert.True(run.ExitCode == 1, run.ToString());
        JsonNode miss = Assert.Single(Rows(run, "cpu"));
        Assert.Equal(("f64", "all", false), ((string)miss["dtype"]!, Quantity(miss), (bool)miss["ok"]!));
        Assert.Equal("not available: the backend cpu has no such precision, it computes in f32, not in f64", (string)miss["note"]!);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    [InlineData("3")]
    public void ThreadsChangeNothing(string threads)
    {
        if (GoldenFolder.PathOf(Llama) is not { } path)
        {
            return;
        }

        using TemporaryFolder folder = new();
        string[] arguments = [.. GoldenStacks.Arguments(Llama, path, folder), "--backends", "cpu", "--json"];
        AttnTool run = AttnTool.Run([.. arguments, "--threads", threads]);
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal(AttnTool.Run(arguments).Output, run.Output);
    }

    [Theory]
    [InlineData(Llama)]
    [InlineData("gqa-gptoss-sink-yarn-window-bias")]
    [InlineData("gqa-gemma2-softcap")]
    public void AHalfWideCacheIsAllowedItsRounding(string name)
    {
        if (GoldenFolder.PathOf(name) is not { } path)
        {
            return;
        }

        using TemporaryFolder folder = new();
        foreach (string from in new[] { "0", "9" })
        {
            List<string> arguments = GoldenStacks.Arguments(name, path, folder, Half);
            arguments[arguments.IndexOf("--decode") + 1] = from;
            AttnTool run = AttnTool.Run([.. arguments, "--backends", "reference,cpu", "--json"]);
            Report(run);
            Assert.True(run.ExitCode == 0, run.ToString());
            foreach (JsonNode row in Rows(run, "cpu"))
            {
                // Nothing but what goes over the cache is rounded, or forgiven.
                bool overCache = Quantity(row) is "decode" or "next";
                Assert.InRange((double)row["maxAbsError"]!, overCache ? 1e-4 : 0, overCache ? 0.05 : 1e-4);
                Assert.InRange((double)row["limit"]!, overCache ? 1e-3 : 0, overCache ? 0.1 : 1e-4);
            }
        }
    }

    [Fact]
    public void AHalfWideCacheHidesNoMistake()
    {
        if (GoldenFolder.PathOf(Llama) is not { } path)
        {
            return;
        }

        (CompiledStack stack, CheckCase check) = Read(Llama, GoldenStacks.ByName[Llama] + Half, path);
        CheckRow[] rows = [.. CheckRunner.Run(stack, check, new CheckBackends(new Wrong("decode", 0.05)), ["cpu"], null, null, false, CancellationToken.None)];
        Assert.Equal("decode", Assert.Single(rows, r => !r.Ok).Quantity);
    }

    [Fact]
    public void TheCoreAndItsSinksAgree()
    {
        using TemporaryFolder folder = new();
        string path = CoreCheckTests.Record().Save(folder.PathOf("core.safetensors"));
        AttnTool run = AttnTool.Run(
            "check", path, "--stack", CoreCheckTests.Sinks, "--map", folder.Write("map.txt", "s = sinks"), "--gradients", "--backends", "reference,cpu", "--json");
        Report(run);
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal(["out", "grad.q", "grad.k", "grad.v", "grad.s"], Rows(run, "cpu").Select(Quantity));
    }

    private static JsonNode[] Rows(AttnTool run, string backend) =>
        [.. run.Json["rows"]!.AsArray().Where(r => (string)r!["backend"]! == backend).Select(r => r!)];

    private static string Quantity(JsonNode row) => (string)row["quantity"]!;

    private static (CompiledStack Stack, CheckCase Check) Read(string name, string stack, string path)
    {
        CompiledStack compiled = StackCompiler.Compile(stack).Require();
        CheckOptions options = new()
        {
            File = path,
            Stack = stack,
            Output = GoldenStacks.Output(name),
            Gradients = true,
            DecodeFrom = GoldenStacks.Decodes(name) ? 9 : null,
            Next = GoldenStacks.HasNext(name) ? ("x_next", "out_next") : null,
        };
        using Recording recording = Recording.Open(path);
        return (compiled, CaseReader.Read(recording, WeightMap.Parse(GoldenStacks.Map, "map"), options, compiled.Reference));
    }

    private void Report(AttnTool run)
    {
        foreach (JsonNode row in Rows(run, "cpu"))
        {
            log.WriteLine($"{row["quantity"]}: {row["maxAbsError"]} (limit {row["limit"]})");
        }
    }

    /// <summary>The CPU backend, with one number of one quantity off.</summary>
    private sealed class Wrong(string quantity, double by) : ICheckBackend
    {
        private readonly CpuBackend _cpu = new(0);

        public string Name => _cpu.Name;

        public ScalarKind DefaultDtype => _cpu.DefaultDtype;

        public string? WhyNot(CompiledStack stack, ScalarKind dtype) => null;

        public IReadOnlyDictionary<string, Outcome> Run(CompiledStack stack, CheckCase check, ScalarKind dtype, CancellationToken cancellationToken)
        {
            Dictionary<string, Outcome> outcomes = _cpu.Run(stack, check, dtype, cancellationToken).ToDictionary();
            outcomes[quantity].Values![^1] += by;
            return outcomes;
        }
    }
}
