using System;
using System.Collections.Immutable;
using System.Linq;
using System.Threading.Tasks;
using AttnDsl.Generators.Tests.Harness;
using Microsoft.CodeAnalysis;

namespace AttnDsl.Generators.Tests;

/// <summary>The TorchSharp module in projects that reference its runtime; the reference is to managed code alone, and nothing is run.</summary>
public sealed class TorchTests : GeneratorHarness
{
    private static readonly HarnessOptions WithTorch = new() { References = TestCompilation.TorchReferences };

    [Theory]
    [InlineData("multi-head", "[Attention(dim: 64, heads: 4)]")]
    [InlineData("llama", "[Attention(dim: 512, heads: 8)] [GroupedQuery(kv: 4)] [Rope(layout: RopeLayout.Interleaved, rotaryDim: 32, theta: 10_000)] [Causal]")]
    [InlineData("gpt-oss", "[Attention(dim: 64, heads: 4, headDim: 32, Bias = true, OutputBias = true)] [GroupedQuery(kv: 2)] [Rope(theta: 150_000, rotaryDim: 16)] [Yarn(factor: 32, originalLength: 4096)] [SlidingWindow(size: 8)] [AttentionSink] [Causal]")]
    [InlineData("gemma", "[Attention(dim: 64, heads: 4)] [MultiQuery] [Rope] [QueryScale(preAttnScalar: 144)] [LogitSoftCap(cap: 50)] [QkNorm(Form = QkNormForm.OnePlus)] [Causal]")]
    [InlineData("scaled", "[Attention(dim: 64, heads: 4)] [QueryScale(Scale = 0.5)] [Causal(CausalAlign.TopLeft)]")]
    [InlineData("deepseek", "[Attention(dim: 64, heads: 4)] [LatentKV(rank: 32, ropeDim: 8, nopeDim: 16, valueDim: 16)] [LowRankQuery(rank: 16)] [Rope(layout: RopeLayout.Interleaved)] [Causal]")]
    [InlineData("grouped-latents", "[Attention(dim: 64, heads: 4, Bias = true)] [GroupedLatentKV(groups: 2, rank: 16, ropeDim: 8)] [LowRankQuery(rank: 16)] [Rope] [Causal]")]
    [InlineData("tied", "[Attention(dim: 64, heads: 4)] [GroupedQuery(kv: 2)] [TiedKV(ropeDim: 8)] [Rope] [Causal]")]
    [InlineData("selective", "[Attention(dim: 64, heads: 4)] [GroupedQuery(keyHeads: 1, valueHeads: 2)] [Rope] [SelectiveValue(top: 8)] [Causal]")]
    [InlineData("reverse-sparse-query", "[Attention(dim: 256, heads: 16)] [ReverseSparseQuery(heads: 4, kv: 8)] [Bidirectional]")]
    [InlineData("alibi-segments", "[Attention(dim: 64, heads: 4)] [Alibi] [LogitSoftCap(cap: 9)] [Segments] [SlidingWindow(left: 3, right: 2)]")]
    public void Stack(string name, string attributes)
    {
        GenerationRun run = Generate($"using AttnDsl;\nnamespace Layers;\n/// <summary>A layer.</summary>\n{attributes}\npublic partial class Layer;\n", WithTorch);
        Snapshot.Verify(run with { Files = [.. run.Files.Where(file => file.Hint.EndsWith(".Torch.g.cs", StringComparison.Ordinal))] }, name);
    }

    [Fact]
    public void Without_the_reference_there_is_no_module() =>
        Assert.DoesNotContain(Generate("[AttnDsl.Attention(8, 2)] public partial class Layer;").Files, file => file.Hint.Contains("Torch", StringComparison.Ordinal));

    [Fact]
    public void Nested_generic_hostile_names_compile() => Assert.Equal(3, Generate(
        """
        using AttnDsl;
        namespace AttnDsl.Torch.Mine { }
        namespace @event
        {
            internal class torch { }
            internal class TorchSharp { }
            internal class Tensor { }
            internal partial class Outer<T, TScalar> where T : class
            {
                private protected partial struct Middle
                {
                    [Attention(dim: 16, heads: 2)]
                    [Causal]
                    [AttentionSink]
                    internal partial class @class<TScalar_, TWeights>;
                }
            }

            [Attention(dim: 16, heads: 2)]
            [QkNorm]
            [Rope]
            public partial class Parameter
            {
                internal int q_proj, sinks, cos, rows, forward, Core, Softmax;
            }

            [Attention(dim: 16, heads: 2)]
            public partial class AttentionModule;
        }
        """,
        WithTorch).Files.Count(file => file.Hint.EndsWith(".Torch.g.cs", StringComparison.Ordinal)));

    [Fact]
    public async Task A_member_called_Module_is_the_users_and_the_backend_says_that_it_stays_away()
    {
        SourceFile source = "[AttnDsl.Attention(8, 2)] public partial class Layer { public int Module; }";
        Assert.DoesNotContain(Generate(source, WithTorch).Files, file => file.Hint.Contains("Torch", StringComparison.Ordinal));
        ImmutableArray<Diagnostic> diagnostics = await AnalyzerRun.DiagnosticsAsync(TestCompilation.Create([source], TestCompilation.TorchReferences));
        Assert.Equal(
            "The TorchSharp backend is not generated for this combination: the class uses the name Module itself",
            Assert.Single(diagnostics).GetMessage(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Empty(await AnalyzerRun.DiagnosticsAsync(TestCompilation.Create([source])));
    }
}
