using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>Latents in storages that round: what a token leaves is rounded once, and expanding and absorbing see the same rounded rows.</summary>
[Collection(CpuTests.Name)]
public sealed class LatentCacheTests
{
    /// <summary>Rounding of a stored scalar relative to the largest: bfloat16 has 8 bits; codes of 8 bits lose half a step of a group's range, at most 2 / 255 of it between rows as large as they come here.</summary>
    [Theory]
    [InlineData(typeof(LatentHalved), 1.0 / 64)]
    [InlineData(typeof(LatentCoded), 1.0 / 32)]
    [InlineData(typeof(GroupedLatentsHalved), 1.0 / 64)]
    [InlineData(typeof(GroupedLatentsCoded), 1.0 / 32)]
    [InlineData(typeof(TiedHalved), 1.0 / 64)]
    [InlineData(typeof(TiedCoded), 1.0 / 32)]
    public void A_storage_that_rounds_stays_near_the_exact_layer(Type annotated, double limit)
    {
        CpuCase layer = CpuCase.Of(annotated);
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = layer.Weights(seed: 640);
        const int Tokens = 41;
        float[] x = CpuCalls.Random(641, 2 * Tokens * layer.Cpu.Shape.Dim);
        double[] expected = layer.Reference.Forward(wide, CpuCalls.Wide(x), TokenRows.Uniform(2, Tokens));
        double largest = Math.Max(1, expected.Max(Math.Abs));
        Paths.OnEach(path =>
        {
            foreach (int[] chunks in new int[][] { [Tokens], [9, 1], [1], [23, 2, 1, 6, 1] })
            {
                float[] y = layer.InChunks(narrow, x, 2, layer.Cpu.CreateCache(2), chunks);
                double worst = y.Zip(expected, (a, b) => Math.Abs(a - b)).Max();
                Assert.True(worst <= limit * largest, FormattableString.Invariant($"{path}, chunks of {string.Join(", ", chunks)}: off by {worst:G3}, limit {limit * largest:G3}"));
            }
        });
    }

    [Fact]
    public void Latents_in_groups_are_kept_each_and_the_rotary_key_once()
    {
        CpuCase layer = CpuCase.Of(typeof(GroupedLatents));
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = layer.Weights(seed: 654);
        float[] x = CpuCalls.Random(655, 7 * layer.Cpu.Shape.Dim);
        KvCache cache = layer.Cpu.CreateCache(1);
        layer.Prefill(narrow, x, cache, TokenRows.Uniform(1, 7));
        Assert.Equal((2 * 16) + 4, cache.ScalarsPerToken);
        Assert.Equal(["c", "r"], cache.Streams.Select(stream => stream.Name));
        NaiveOracle oracle = GoldenCases.Layers["tpla-gla2"].Oracle;
        (double[] C, double[] R)[] expected = [.. CpuCalls.Wide(x).Chunk(oracle.Dim).Select((token, t) => oracle.LatentOf(wide, token, t))];
        Numbers.Close([.. expected.SelectMany(token => token.C)], CpuCalls.Wide(cache.Read(0)), 1e-4, "latents");
        Numbers.Close([.. expected.SelectMany(token => token.R)], CpuCalls.Wide(cache.Read(1)), 1e-4, "rotary keys");
    }

    [Fact]
    public void A_tied_layer_keeps_states_and_the_shared_key_once()
    {
        CpuCase layer = CpuCase.Of(typeof(TiedGrouped));
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = layer.Weights(seed: 652);
        float[] x = CpuCalls.Random(653, 7 * layer.Cpu.Shape.Dim);
        KvCache cache = layer.Cpu.CreateCache(1);
        layer.Prefill(narrow, x, cache, TokenRows.Uniform(1, 7));
        Assert.Equal((2 * 8) + 4, cache.ScalarsPerToken);
        Assert.Equal(["s", "r"], cache.Streams.Select(stream => stream.Name));
        NaiveOracle oracle = GoldenCases.Layers["tpla-gta"].Oracle;
        (double[] States, double[] Shared)[] expected = [.. CpuCalls.Wide(x).Chunk(oracle.Dim).Select((token, t) => oracle.TiedOf(wide, token, t))];
        Numbers.Close([.. expected.SelectMany(token => token.States)], CpuCalls.Wide(cache.Read(0)), 1e-4, "states");
        Numbers.Close([.. expected.SelectMany(token => token.Shared)], CpuCalls.Wide(cache.Read(1)), 1e-4, "shared keys");
    }

    [Fact]
    public void A_row_of_the_cache_is_latent_and_rotary_key()
    {
        CpuCase layer = CpuCase.Of(typeof(MlaDirect));
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = layer.Weights(seed: 650);
        float[] x = CpuCalls.Random(651, 7 * layer.Cpu.Shape.Dim);
        KvCache cache = layer.Cpu.CreateCache(1);
        layer.Prefill(narrow, x, cache, TokenRows.Uniform(1, 7));
        Assert.Equal(28, cache.ScalarsPerToken);
        Assert.Equal(["kv"], cache.Streams.Select(stream => stream.Name));
        NaiveOracle oracle = GoldenCases.Layers["mla-noqlora-odd"].Oracle;
        double[] expected = [.. CpuCalls.Wide(x).Chunk(oracle.Dim).SelectMany((token, t) =>
        {
            (double[] c, double[] r) = oracle.LatentOf(wide, token, t);
            return c.Concat(r);
        })];
        Numbers.Close(expected, CpuCalls.Wide(cache.Read(0)), 1e-4, "cache");
    }
}
