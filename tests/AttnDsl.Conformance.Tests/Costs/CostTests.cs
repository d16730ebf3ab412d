using System.Linq;
using AttnDsl.Conformance.Tests.Layers;

namespace AttnDsl.Conformance.Tests.Costs;

/// <summary>What Spec promises against what a run of the reference counts.</summary>
public sealed class CostTests
{
    private const int Batch = 2;

    /// <summary>Below, at and beyond every window of the stacks.</summary>
    private static readonly int[] s_lengths = [1, 2, 7, 8, 10, 11, 19];

    public static TheoryData<string> Stacks => [.. GoldenCases.Layers.Values.Select(layer => layer.Name)];

    public static TheoryData<string> CachedStacks => [.. GoldenCases.Layers.Values.Where(layer => layer.Reference.IsCached).Select(layer => layer.Name)];

    [Theory]
    [MemberData(nameof(Stacks))]
    public void Prefill_costs_what_a_forward_counts(string stack)
    {
        CountingLayer layer = CountingAssembly.Of(stack);
        AttentionWeights<double> weights = layer.Layer.Create(seed: 1);
        foreach (int tokens in s_lengths)
        {
            double[] x = Numbers.Random(tokens, Batch * tokens * layer.Layer.Shape.Dim);
            long counted = layer.Flops(() => layer.Layer.Forward(weights, x, TokenRows.Uniform(Batch, tokens)));
            Assert.Equal(Batch * layer.Formula("PrefillFlops", tokens), counted);
        }

        Assert.Equal(0, layer.Formula("PrefillFlops", 0));
    }

    /// <summary>Stacks that do the same whatever the number of new tokens.</summary>
    public static TheoryData<string> EvenStacks => [.. GoldenCases.Layers.Values.Where(layer => layer.Reference.IsCached && layer.Oracle.Latent is null).Select(layer => layer.Name)];

    [Theory]
    [MemberData(nameof(EvenStacks))]
    public void Prefill_into_a_cache_costs_the_same_at_once_and_in_chunks(string stack)
    {
        CountingLayer layer = CountingAssembly.Of(stack);
        AttentionWeights<double> weights = layer.Layer.Create(seed: 1);
        foreach (int chunk in new[] { 19, 7, 3 })
        {
            double[] x = Numbers.Random(2, Batch * 19 * layer.Layer.Shape.Dim);
            long counted = layer.Flops(() => Chunked.Run(layer.Layer, weights, x, Batch, chunk));
            Assert.Equal(Batch * layer.Formula("PrefillFlops", 19), counted);
        }
    }

    [Theory]
    [MemberData(nameof(CachedStacks))]
    public void Decoding_costs_what_a_step_counts_and_keeps_what_the_cache_counts(string stack)
    {
        CountingLayer layer = CountingAssembly.Of(stack);
        AttentionWeights<double> weights = layer.Layer.Create(seed: 1);
        ReferenceCache<double> cache = layer.Layer.CreateCache(Batch);
        Assert.Equal(layer.Constant("CacheScalarsPerToken"), cache.ScalarsPerToken);
        Assert.Equal(sizeof(float) * layer.Constant("CacheScalarsPerToken"), layer.Constant("CacheBytesPerToken"));
        Assert.Equal(0, layer.Constant("ConstantStateScalars"));
        for (int context = 1; context <= 19; context++)
        {
            double[] x = Numbers.Random(context, Batch * layer.Layer.Shape.Dim);
            long counted = layer.Flops(() => layer.Layer.Decode(weights, x, cache));
            Assert.Equal(Batch * layer.Formula("DecodeFlops", context), counted);

            long held = Enumerable.Range(0, cache.Streams.Count).Sum(stream => cache.Read(stream).LongLength);
            Assert.Equal(Batch * context * layer.Constant("CacheScalarsPerToken"), held);
        }
    }

    [Theory]
    [MemberData(nameof(CachedStacks))]
    public void Decoding_reads_every_weight_once_and_the_visible_part_of_the_cache(string stack)
    {
        CountingLayer layer = CountingAssembly.Of(stack);
        NaiveOracle oracle = GoldenCases.Layers.Values.Single(golden => golden.Name == stack).Oracle;
        foreach (int context in s_lengths)
        {
            int visible = oracle.Left is { } left && left < context ? left + 1 : context;
            Assert.Equal(sizeof(float) * (layer.Constant("ParameterCount") + (visible * layer.Constant("CacheScalarsPerToken"))), layer.Formula("DecodeBytes", context));
        }
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public void Parameters_are_the_weights_scalars(string stack)
    {
        CountingLayer layer = CountingAssembly.Of(stack);
        AttentionWeights<double> weights = layer.Layer.Zeros();
        Assert.Equal(layer.Constant("ParameterCount"), weights.ParameterCount);
        Assert.Equal(layer.Constant("ParameterCount"), weights.Tensors.Sum(tensor => tensor.Data.LongLength));
        Assert.Equal(layer.Constant("ParameterCount"), weights.Tensors.Sum(tensor => tensor.Shape.Aggregate(1L, (product, size) => product * size)));
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public void The_constants_are_the_shape_that_runs(string stack)
    {
        CountingLayer layer = CountingAssembly.Of(stack);
        LayerShape shape = layer.Layer.Shape;
        Assert.Equal(
            new long[] { shape.Dim, shape.QueryHeads, shape.KeyHeads, shape.ValueHeads, shape.ScoreHeads, shape.KeyWidth, shape.ValueWidth },
            new[] { "Dim", "QueryHeads", "KeyHeads", "ValueHeads", "ScoreHeads", "KeyWidth", "ValueWidth" }.Select(layer.Constant));
        NaiveLatent? latent = GoldenCases.Layers.Values.Single(golden => golden.Name == stack).Oracle.Latent;
        Assert.Equal(latent is not null ? latent.Rank + latent.Rope : layer.Layer.IsCached ? (shape.KeyHeads * shape.KeyWidth) + (shape.ValueHeads * shape.ValueWidth) : 0, layer.Constant("CacheScalarsPerToken"));
    }

    /// <summary>The sheets' closed forms, by hand, for the grouped and the reversed case.</summary>
    [Fact]
    public void The_sheets_formulas_hold()
    {
        CountingLayer grouped = CountingAssembly.Of(nameof(GqaQwen3));
        const long Windowed = 7 * 8 / 2 + (20 - 7) * 7;
        Assert.Equal((2 * 48 * 16 * (6 + 2)) + (2 * 16), grouped.Constant("ParameterCount"));
        Assert.Equal((4 * 20 * 48 * 16 * (6 + 2)) + (4 * 6 * 16 * Windowed), grouped.Formula("PrefillFlops", 20));
        Assert.Equal((4 * 48 * 16 * (6 + 2)) + (4 * 6 * 16 * 7), grouped.Formula("DecodeFlops", 500));
        Assert.Equal(2 * 2 * 16, grouped.Constant("CacheScalarsPerToken"));

        CountingLayer reversed = CountingAssembly.Of(nameof(SqaReverse));
        Assert.Equal((48 * 6 * (2 + (3 * 4))) + 48, reversed.Constant("ParameterCount"));
        Assert.Equal((2 * 16 * 48 * 6 * (2 + (3 * 4))) + (4 * 4 * 6 * (16 * 17 / 2)), reversed.Formula("PrefillFlops", 16));
        Assert.Equal(2 * 4 * 6, reversed.Constant("CacheScalarsPerToken"));

        // 4 heads of 16 + 8 and 16 from a latent of 24; decoding is absorbed.
        CountingLayer latent = CountingAssembly.Of(nameof(MlaLowRank));
        const int Matrices = (48 * 32) + (32 * 4 * 24) + (48 * 32) + (24 * 4 * 32) + (4 * 16 * 48);
        Assert.Equal(Matrices + 32 + 24, latent.Constant("ParameterCount"));
        Assert.Equal((2 * 16 * Matrices) + (2 * 4 * (24 + 16) * (16 * 17 / 2)), latent.Formula("PrefillFlops", 16));
        Assert.Equal((2 * Matrices) + (2 * 4 * ((2 * 24) + 8) * 500), latent.Formula("DecodeFlops", 500));
        Assert.Equal(24 + 8, latent.Constant("CacheScalarsPerToken"));

        CountingLayer both = CountingAssembly.Of(nameof(SqaSymmetric));
        Assert.Equal((2 * 14 * 48 * 6 * 16) + (4 * 4 * 6 * 14 * 14), both.Formula("PrefillFlops", 14));
        Assert.Equal(0, both.Constant("CacheScalarsPerToken"));
    }
}
