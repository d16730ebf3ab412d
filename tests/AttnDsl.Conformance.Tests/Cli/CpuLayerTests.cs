using System;
using System.Linq;
using AttnDsl.Cli.Layers;
using AttnDsl.Cli.Stacks;

namespace AttnDsl.Conformance.Tests.Cli;

/// <summary>The CPU backend behind the same interface as the references: ragged rows, chunks over its cache, weights.</summary>
public sealed class CpuLayerTests
{
    private const int Tokens = 6;
    private const int Dim = 24;
    private const string Ragged = "[Attention(dim: 24, heads: 4)] [GroupedQuery(kv: 2)] [Rope] [Causal] [Segments]";

    [Fact]
    public void RaggedRowsAreTheReferencesRows()
    {
        (ILayer<double> exact, ILayer<float> cpu, AttentionWeights<double> wide, AttentionWeights<float> weights) = Layers(Ragged);
        TokenRows rows = Rows();
        float[] x = Draw(1, 3 * Tokens * Dim);
        float[] g = Draw(2, x.Length);
        Close(exact.Forward(wide, Wide(x), rows), cpu.Forward(weights, x, rows));

        AttentionWeights<double> expected = exact.ZeroWeights();
        AttentionWeights<float> found = cpu.ZeroWeights();
        Close(exact.Backward(wide, Wide(x), Wide(g), expected, rows), cpu.Backward(weights, x, g, found, rows));
        foreach (WeightTensor<double> tensor in expected.Tensors)
        {
            Close(tensor.Data, found[tensor.Name].Data);
        }
    }

    [Fact]
    public void ChunksAndOneTokenMoreGoOverTheCache()
    {
        (ILayer<double> exact, ILayer<float> cpu, AttentionWeights<double> wide, AttentionWeights<float> weights) = Layers(Ragged);
        var cachedExact = Assert.IsAssignableFrom<ICachedLayer<double>>(exact);
        var cachedCpu = Assert.IsAssignableFrom<ICachedLayer<float>>(cpu);
        ILayerCache<double> expected = cachedExact.CreateCache(3);
        ILayerCache<float> found = cachedCpu.CreateCache(3);
        TokenRows rows = Rows();
        float[] x = Draw(3, 3 * Tokens * Dim);
        float[] one = Draw(4, 3 * Dim);
        foreach (int _ in Enumerable.Range(0, 2))
        {
            Close(cachedExact.Prefill(wide, Wide(x), expected, rows), cachedCpu.Prefill(weights, x, found, rows));
        }

        Close(cachedExact.Decode(wide, Wide(one), expected), cachedCpu.Decode(weights, one, found));
        Assert.Equal([(2 * Tokens) + 1, 7, 1], Enumerable.Range(0, found.Batch).Select(found.Length));
        Assert.Equal((3, 2 * 2 * 6), (expected.Batch, expected.ScalarsPerToken));
        Assert.Equal(expected.ScalarsPerToken, found.ScalarsPerToken);
        Assert.Equal(expected.Streams, found.Streams);
        Close(expected.Read(1), found.Read(1));

        expected.Truncate(0, 4);
        found.Truncate(0, 4);
        Close(cachedExact.Decode(wide, Wide(one), expected), cachedCpu.Decode(weights, one, found));
        Assert.Equal((5, 5), (expected.Length(0), found.Length(0)));
        expected.Reset();
        found.Reset();
        Close(cachedExact.Decode(wide, Wide(one), expected), cachedCpu.Decode(weights, one, found));
        Assert.Equal((1, 1), (expected.Length(0), found.Length(0)));
    }

    [Fact]
    public void AStackWithoutACacheIsAPlainLayer()
    {
        CompiledStack stack = StackCompiler.Compile("[Attention(dim: 24, heads: 4)]").Require();
        Assert.False(stack.Cpu is ICachedLayer<float>);
        Assert.Null(stack.KeyElement);
        Assert.False(stack.RoundsCache);
        Assert.Equal(stack.Reference.Shape, stack.Cpu.Shape);
        Assert.Equal(stack.ReferenceSingle.CreateWeights(5)["q_proj.weight"].Data, stack.Cpu.CreateWeights(5)["q_proj.weight"].Data);
    }

    [Fact]
    public void TheCacheSaysHowItStores()
    {
        (CacheElement?, CacheElement?) Elements(string cache)
        {
            CompiledStack stack = StackCompiler.Compile(Ragged + cache).Require();
            return (stack.KeyElement, stack.ValueElement);
        }

        Assert.Equal((CacheElement.Float32, CacheElement.Float32), Elements(""));
        Assert.Equal((CacheElement.BFloat16, CacheElement.BFloat16), Elements(" [KvCache(Element = CacheElement.BFloat16)]"));
        Assert.Equal((CacheElement.BFloat16, CacheElement.Float32), Elements(" [KvCache(KeyElement = CacheElement.BFloat16)]"));
        Assert.Equal((CacheElement.BFloat16, CacheElement.Float32), Elements(" [KvCache(Element = CacheElement.BFloat16, ValueElement = CacheElement.Float32)]"));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1.00390625, 1)] // half way between 1 and the next: to even
    [InlineData(1.01171875, 1.015625)] // half way to an odd one: up
    [InlineData(-1.005, -1.0078125)]
    [InlineData(3.4028235e38, double.PositiveInfinity)]
    [InlineData(double.NaN, double.NaN)]
    public void TheYardstickStoresTheNearestBFloat16(double value, double expected) => Assert.Equal((float)expected, StoredLayer.Round((float)value));

    /// <summary>Of a ring the yardstick rounds what is kept, and forgets nothing that the ring would not.</summary>
    [Fact]
    public void TheYardstickStoresRings()
    {
        CompiledStack compiled = StackCompiler.Compile("[Attention(dim: 12, heads: 3)] [Rope] [Causal] [KvCache(Element = CacheElement.BFloat16)] [RingCache(recent: 4, sinks: 2, Positions = RingPositions.Slot)]").Require();
        StoredLayer stored = new((ICachedLayer<float>)compiled.ReferenceSingle, _ => true);
        var cpu = (ICachedLayer<float>)compiled.Cpu;
        AttentionWeights<float> weights = cpu.CreateWeights(7);
        AttentionWeights<float> same = stored.ZeroWeights();
        weights.CopyTo(same);
        (ILayerCache<float> expected, ILayerCache<float> actual) = (stored.CreateCache(2), cpu.CreateCache(2));
        for (int token = 0; token < 15; token++)
        {
            float[] x = Draw(300 + token, 2 * 12);
            float[] yardstick = stored.Decode(same, x, expected);
            float[] y = cpu.Decode(weights, x, actual);
            Assert.Equal(token + 1, expected.Length(1));
            Assert.All(yardstick.Zip(y), pair => Assert.Equal(pair.First, pair.Second, 0.01));
            float[] kept = expected.Read(0);
            Assert.Equal(Array.ConvertAll(kept, StoredLayer.Round), kept);
            Assert.All(kept.Zip(actual.Read(0)), pair => Assert.Equal(pair.First, pair.Second, 0.01));
        }
    }

    /// <summary>Rows of unequal length, one of them empty, with position ids and segments.</summary>
    private static TokenRows Rows() => TokenRows.Ragged(
        [Tokens, 3, 0],
        Tokens,
        [.. Enumerable.Range(0, 3 * Tokens).Select(at => (at * 7) % 50)],
        [.. Enumerable.Range(0, 3 * Tokens).Select(at => at % Tokens / 2)]);

    private static (ILayer<double> Exact, ILayer<float> Cpu, AttentionWeights<double> Wide, AttentionWeights<float> Weights) Layers(string stack)
    {
        CompiledStack compiled = StackCompiler.Compile(stack).Require();
        AttentionWeights<float> weights = compiled.Cpu.CreateWeights(7);
        AttentionWeights<double> wide = compiled.Reference.ZeroWeights();
        weights.CopyTo(wide);
        return (compiled.Reference, compiled.Cpu, wide, weights);
    }

    private static float[] Draw(int seed, int count)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (2 * random.NextSingle()) - 1)];
    }

    private static double[] Wide(float[] values) => Array.ConvertAll(values, v => (double)v);

    private static void Close(double[] expected, float[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], found[i], 1e-5);
        }
    }
}
