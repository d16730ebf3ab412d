using AttnDsl.Generators.Tests.Harness;

namespace AttnDsl.Generators.Tests;

/// <summary>The text that users get, for stacks that together use every attribute of the first wave and every shape of declaration that matters for it.</summary>
public sealed class SnapshotTests : GeneratorHarness
{
    [Theory]
    [InlineData("multi-head", "[Attention(dim: 64, heads: 4)]")]
    [InlineData("llama", "[Attention(dim: 512, heads: 8)] [GroupedQuery(kv: 4)] [Rope(layout: RopeLayout.Interleaved)] [Causal]")]
    [InlineData("qwen", "[Attention(dim: 64, heads: 4, headDim: 32, Bias = true)] [GroupedQuery(kv: 2)] [QkNorm] [Rope(theta: 1_000_000)] [Causal]")]
    [InlineData("quantized", "[Attention(dim: 32, heads: 2)] [GroupedQuery(kv: 1)] [Causal] [KvCache(Element = CacheElement.BFloat16)] [QuantizedCache(bits: 4, Group = 8, Residual = 16)]")]
    [InlineData("ring", "[Attention(dim: 32, heads: 4)] [GroupedQuery(kv: 2)] [Rope] [Causal] [KvCache(Element = CacheElement.BFloat16)] [RingCache(recent: 12, sinks: 4, Positions = RingPositions.Slot)]")]
    [InlineData("paged", "[Attention(dim: 32, heads: 4)] [GroupedQuery(kv: 2)] [Causal] [KvCache(Element = CacheElement.BFloat16, Storage = CacheStorage.Paged, PageSize = 32)]")]
    [InlineData("gpt-oss", "[Attention(dim: 64, heads: 4, headDim: 32, Bias = true, OutputBias = true)] [GroupedQuery(kv: 2)] [Rope(theta: 150_000)] [Yarn(factor: 32, originalLength: 4096)] [SlidingWindow(size: 8)] [AttentionSink] [Causal]")]
    [InlineData("gemma", "[Attention(dim: 64, heads: 4)] [MultiQuery] [Rope] [QueryScale(preAttnScalar: 144)] [LogitSoftCap(cap: 50)] [QkNorm(Form = QkNormForm.OnePlus)] [Causal]")]
    [InlineData("deepseek", "[Attention(dim: 64, heads: 4)] [LatentKV(rank: 32, ropeDim: 8, nopeDim: 16, valueDim: 16)] [LowRankQuery(rank: 16)] [Rope(layout: RopeLayout.Interleaved)] [Yarn(factor: 40, originalLength: 4096)] [Causal]")]
    [InlineData("sparse-query", "[Attention(dim: 256, heads: 16, OutputBias = true)] [SparseQuery(ratio: 2)] [GroupedQuery(kv: 4)] [Causal]")]
    [InlineData("grouped-latents", "[Attention(dim: 64, heads: 4, Bias = true)] [GroupedLatentKV(groups: 2, rank: 16, ropeDim: 8)] [LowRankQuery(rank: 16)] [Rope] [Causal]")]
    [InlineData("tied", "[Attention(dim: 64, heads: 4)] [GroupedQuery(kv: 2)] [TiedKV(ropeDim: 8)] [Rope] [Causal]")]
    [InlineData("reverse-sparse-query", "[Attention(dim: 256, heads: 16)] [ReverseSparseQuery(heads: 4, kv: 8)] [Bidirectional]")]
    [InlineData("selective", "[Attention(dim: 64, heads: 4)] [GroupedQuery(keyHeads: 1, valueHeads: 2)] [Rope] [SelectiveValue(top: 8)] [Causal]")]
    [InlineData("alibi-segments", "[Attention(dim: 64, heads: 4)] [Alibi] [Segments] [SlidingWindow(left: 3, right: 2)]")]
    [InlineData("top-left", "[Attention(dim: 64, heads: 4)] [Causal(CausalAlign.TopLeft)]")]
    public void Stack(string name, string attributes) =>
        Snapshot.Verify(Generate($"using AttnDsl;\nnamespace Layers;\n/// <summary>A layer.</summary>\n{attributes}\npublic partial class Layer;\n"), name);

    [Fact]
    public void Nested_in_generic_types() => Snapshot.Verify(Generate("""
        using AttnDsl;
        namespace @event
        {
            internal partial class Outer<T> where T : class
            {
                private protected partial struct Middle
                {
                    [Attention(dim: 16, heads: 2)]
                    [Causal]
                    internal partial class @class<TScalar, TWeights>;
                }
            }
        }
        """));

    [Fact]
    public void Global_namespace() => Snapshot.Verify(Generate("[AttnDsl.Attention(dim: 16, heads: 2)] partial class Layer;"));
}
