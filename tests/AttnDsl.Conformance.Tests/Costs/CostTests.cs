using System;
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

    /// <summary>Stacks that take the same steps whatever the number of new tokens.</summary>
    public static TheoryData<string> EvenStacks => [.. GoldenCases.Layers.Values.Where(layer => layer.Reference.IsCached && layer.Oracle.Latent is null).Select(layer => layer.Name)];

    [Theory]
    [MemberData(nameof(EvenStacks))]
    public void Prefill_into_a_cache_costs_the_same_at_once_and_in_chunks_but_for_what_is_made_again(string stack)
    {
        CountingLayer layer = CountingAssembly.Of(stack);
        AttentionWeights<double> weights = layer.Layer.Create(seed: 1);
        foreach (int chunk in new[] { 19, 7, 3 })
        {
            double[] x = Numbers.Random(2, Batch * 19 * layer.Layer.Shape.Dim);
            long counted = layer.Flops(() => Chunked.Run(layer.Layer, weights, x, Batch, chunk));
            Assert.Equal(Batch * (layer.Formula("PrefillFlops", 19) + Again(stack, 19, chunk)), counted);
        }
    }

    /// <summary>Narrow keys are widened again in every later chunk.</summary>
    private static long Again(string stack, int tokens, int chunk)
    {
        NaiveOracle oracle = GoldenCases.Layers.Values.Single(golden => golden.Name == stack).Oracle;
        long seen = Enumerable.Range(1, (tokens + chunk - 1) / chunk).Sum(n => (long)Math.Min(n * chunk, tokens));
        if (oracle.Convolutions is { } lengths)
        {
            // And the rows that the second convolution reaches back to are made by the first one in every chunk.
            long chunks = (tokens + chunk - 1) / chunk;
            return 2L * (oracle.QueryHeads + oracle.KvHeads) * oracle.Width * lengths.Seq * (lengths.Head - 1) * (chunks - 1);
        }

        return oracle.NarrowKeys is { } narrow ? 2L * oracle.KvHeads * narrow * oracle.Width * (seen - tokens) : 0;
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
        Assert.Equal(cache.States.Sum(state => state.Scalars), layer.Constant("ConstantStateScalars"));
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
            long scalars = visible * layer.Constant("CacheScalarsPerToken");
            if (oracle.Keep is { } keep)
            {
                // Each query head of a value head chooses rows of its own.
                long rows = Math.Min(visible, keep * (oracle.QueryHeads / oracle.ValueHeads));
                scalars -= (visible - rows) * oracle.ValueHeads * oracle.Width;
            }

            Assert.Equal(sizeof(float) * (layer.Constant("ParameterCount") + scalars), layer.Formula("DecodeBytes", context));
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
        NaiveOracle oracle = GoldenCases.Layers.Values.Single(golden => golden.Name == stack).Oracle;
        int kept = oracle.Latent is { } latent ? ((latent.Groups ?? 1) * latent.Rank) + latent.Rope : oracle.Tied is { } shared ? (shape.KeyHeads * shape.KeyWidth) + shared : (shape.KeyHeads * (oracle.NarrowKeys ?? shape.KeyWidth)) + (shape.ValueHeads * shape.ValueWidth);
        Assert.Equal(layer.Layer.IsCached ? kept : 0, layer.Constant("CacheScalarsPerToken"));
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
        const int LatentMatrices = (48 * 32) + (32 * 4 * 24) + (48 * 32) + (24 * 4 * 32) + (4 * 16 * 48);
        Assert.Equal(LatentMatrices + 32 + 24, latent.Constant("ParameterCount"));
        Assert.Equal((2 * 16 * LatentMatrices) + (2 * 4 * (24 + 16) * (16 * 17 / 2)), latent.Formula("PrefillFlops", 16));
        Assert.Equal((2 * LatentMatrices) + (2 * 4 * ((2 * 24) + 8) * 500), latent.Formula("DecodeFlops", 500));
        Assert.Equal(24 + 8, latent.Constant("CacheScalarsPerToken"));

        CountingLayer sigma = CountingAssembly.Of(nameof(DiffSigma));
        const long Sigma = (48 * 6 * (8 + 2 + 4 + 8)) + (3 * 72 * 8 * 6);
        Assert.Equal(Sigma, sigma.Constant("ParameterCount"));
        Assert.Equal((2 + 4) * 6, sigma.Constant("CacheScalarsPerToken"));
        Assert.Equal((2 * 24 * Sigma) + (4 * 8 * 6 * (24 * 25 / 2)), sigma.Formula("PrefillFlops", 24));
        Assert.Equal((2 * Sigma) + (4 * 8 * 6 * 700), sigma.Formula("DecodeFlops", 700));

        CountingLayer narrow = CountingAssembly.Of(nameof(DiffNarrowKeys));
        const long Matrices = 40 * ((8 * 8) + (2 * 4) + (4 * 8) + (8 * 8));
        Assert.Equal(Matrices + (8 * 4), narrow.Constant("ParameterCount"));
        Assert.Equal((2 * 4) + (4 * 8), narrow.Constant("CacheScalarsPerToken"));
        Assert.Equal((2 * 20 * (Matrices + (2 * 4 * 8))) + (4 * 8 * 8 * (20 * 21 / 2)), narrow.Formula("PrefillFlops", 20));
        Assert.Equal((2 * Matrices) + (2 * 500 * 2 * 4 * 8) + (4 * 8 * 8 * 500), narrow.Formula("DecodeFlops", 500));

        CountingLayer compressed = CountingAssembly.Of(nameof(CompressedGrouped));
        const long Projections = 64 * 8 * ((2 * 4) + (2 * 2));
        const long Channels = (4 + 2) * 8;
        Assert.Equal(Projections + (Channels * (2 + 1)) + (Channels * ((8 * 2) + 1)) + 2, compressed.Constant("ParameterCount"));
        Assert.Equal(2 * 2 * 8, compressed.Constant("CacheScalarsPerToken"));
        Assert.Equal((2 * Channels) + (2 * 8 / 2), compressed.Constant("ConstantStateScalars"));
        Assert.Equal((2 * 32 * Projections) + (2 * Channels * 2 * (32 + 1)) + (2 * 32 * Channels * 8 * 2) + (4 * 4 * 8 * (32 * 33 / 2)), compressed.Formula("PrefillFlops", 32));
        Assert.Equal((2 * Projections) + (2 * Channels * ((2 * 2) + (8 * 2))) + (4 * 4 * 8 * 900), compressed.Formula("DecodeFlops", 900));

        // 2 latents of 16 for two heads each of 8 + 4 and 8; decoding is absorbed, with the widths of one latent.
        CountingLayer grouped2 = CountingAssembly.Of(nameof(GroupedLatents));
        const long GroupedMatrices = (32 * 64) + (64 * 48) + (32 * 36) + (2 * 16 * 2 * 16) + (32 * 32);
        Assert.Equal(GroupedMatrices + 64 + 48 + 36 + (2 * 32) + 64 + (2 * 16), grouped2.Constant("ParameterCount"));
        Assert.Equal((2 * 16) + 4, grouped2.Constant("CacheScalarsPerToken"));
        Assert.Equal((2 * 20 * GroupedMatrices) + (2 * 4 * (12 + 8) * (20 * 21 / 2)), grouped2.Formula("PrefillFlops", 20));
        Assert.Equal((2 * GroupedMatrices) + (2 * 4 * ((2 * 16) + 4) * 500), grouped2.Formula("DecodeFlops", 500));

        // Tied states cost what separate keys and values do but for one projection, and are kept once.
        CountingLayer tied = CountingAssembly.Of(nameof(TiedGrouped));
        const long Tied = 48 * 8 * (6 + 2 + 6);
        Assert.Equal(Tied + (4 * (48 + 1)), tied.Constant("ParameterCount"));
        Assert.Equal((2 * 8) + 4, tied.Constant("CacheScalarsPerToken"));
        Assert.Equal((2 * 20 * (Tied + (4 * 48))) + (4 * 6 * 8 * (20 * 21 / 2)), tied.Formula("PrefillFlops", 20));
        Assert.Equal((2 * (Tied + (4 * 48))) + (4 * 6 * 8 * 700), tied.Formula("DecodeFlops", 700));

        CountingLayer both = CountingAssembly.Of(nameof(SqaSymmetric));
        Assert.Equal((2 * 14 * 48 * 6 * 16) + (4 * 4 * 6 * 14 * 14), both.Formula("PrefillFlops", 14));
        Assert.Equal(0, both.Constant("CacheScalarsPerToken"));
    }
}
