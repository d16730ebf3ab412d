using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>Whole layers, forward and backward, around the sizes at which kernels change: tiles, vectors, panels, blocks.</summary>
[Collection(CpuTests.Name)]
public sealed class ShapeTests
{
    public static TheoryData<int> Lengths => [1, 2, 15, 16, 17, 31, 33, 47, 48, 49, 63, 64, 65, 97, 129];

    public static TheoryData<string> Covering => CoveringCases.Names;

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Rows_of_equal_length(int tokens)
    {
        foreach (Type layer in new[] { typeof(CausalRagged), typeof(WindowRagged), typeof(BothSidesWindow) })
        {
            foreach (int batch in new[] { 1, 3 })
            {
                LayerCheck.Block(CpuCase.Of(layer), Block.Uniform(batch, tokens), seed: 400 + tokens);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Rows_of_unequal_length_with_positions_and_segments(int tokens)
    {
        // A full row, an empty one, and one in between; segments that return, positions that start anew with every run of a segment.
        int[] lengths = [tokens, 0, (tokens + 1) / 2];
        int[] segments = [.. Enumerable.Range(0, 3 * tokens).Select(i => i % tokens / 7 % 3)];
        int[] positions = [.. Enumerable.Range(0, 3 * tokens).Select(i => (i % tokens % 7) + (5 * (i / tokens)))];
        foreach (Type layer in new[] { typeof(CausalRagged), typeof(WindowRagged), typeof(BothSidesRagged) })
        {
            LayerCheck.Block(CpuCase.Of(layer), new Block(tokens, lengths), seed: 420 + tokens);
            LayerCheck.Block(CpuCase.Of(layer), new Block(tokens, lengths, positions, segments), seed: 440 + tokens);
        }
    }

    [Theory]
    [InlineData(typeof(Width1))]
    [InlineData(typeof(Width8))]
    [InlineData(typeof(Width31))]
    [InlineData(typeof(Width80))]
    [InlineData(typeof(Width576))]
    [InlineData(typeof(Tiled))]
    public void Head_widths_and_tiled_queries(Type annotated)
    {
        CpuCase layer = CpuCase.Of(annotated);
        foreach (int tokens in new[] { 1, 9, 35 })
        {
            LayerCheck.Block(layer, Block.Uniform(2, tokens), seed: 460 + tokens);
        }

        LayerCheck.Core(layer, 1, 20, 33, seed: 470);
        LayerCheck.Core(layer, 2, 2, 50, seed: 471);
    }

    /// <summary>Every attribute, and every way in which two of them meet.</summary>
    [Theory]
    [MemberData(nameof(Covering))]
    public void Stacks_that_cover_the_vocabulary(string name)
    {
        CpuCase layer = CpuCase.Of(typeof(Plain).Assembly.GetType($"{typeof(Plain).Namespace}.{name}", throwOnError: true)!);
        LayerCheck.Block(layer, Block.Uniform(2, 6), seed: 480);
        LayerCheck.Block(layer, Block.Uniform(1, 37), seed: 481);
        LayerCheck.Core(layer, 2, 5, 9, seed: 482);
        LayerCheck.Core(layer, 1, 29, 11, seed: 483);
        foreach (Block block in layer.Cpu.Shape.Segments ? RaggedBlocks.All : [])
        {
            LayerCheck.Block(layer, block, seed: 484);
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 17)]
    [InlineData(3, 5)]
    [InlineData(5, 3)]
    [InlineData(40, 7)]
    [InlineData(64, 130)]
    [InlineData(129, 65)]
    public void Queries_over_keys(int queries, int keys)
    {
        foreach (Type layer in new[] { typeof(Tiled), typeof(WindowRagged), typeof(BothSidesWindow), typeof(TopLeft) })
        {
            LayerCheck.Core(CpuCase.Of(layer), 2, queries, keys, seed: 500 + queries);
        }
    }

    /// <summary>Scores up to about 1000: one key takes all the weight, and the exponents of the others vanish.</summary>
    [Fact]
    public void Large_scores()
    {
        foreach (Type layer in new[] { typeof(Width8), typeof(Tiled), typeof(WindowRagged) })
        {
            LayerCheck.Core(CpuCase.Of(layer), 1, 33, 33, seed: 520, size: 30);
            LayerCheck.Core(CpuCase.Of(layer), 1, 3, 33, seed: 521, size: 30);
        }
    }

    /// <summary>Equal scores: the mean of what is seen.</summary>
    [Fact]
    public void Equal_scores()
    {
        CpuCase layer = CpuCase.Of(typeof(Width8));
        LayerShape shape = layer.Cpu.Shape;
        const int Tokens = 50;
        float[] q = new float[Tokens * shape.QueryHeads * shape.KeyWidth];
        float[] k = CpuCalls.Random(530, Tokens * shape.KeyHeads * shape.KeyWidth);
        LayerCheck.Core(layer, TokenRows.Core(1, Tokens, Tokens), q, k, CpuCalls.Random(531, k.Length), seed: 532);
    }

    /// <summary>Scores that rise by 50 and more long after the first keys: what was summed until then must be brought to the new maximum. 1500 wide keys are cut into pieces for few queries.</summary>
    [Theory]
    [InlineData(typeof(Width8), 300, 300)]
    [InlineData(typeof(Tiled), 300, 300)]
    [InlineData(typeof(Width8), 3, 300)]
    [InlineData(typeof(Tiled), 3, 300)]
    [InlineData(typeof(Width80), 2, 1500)]
    public void Scores_that_rise_late(Type annotated, int queries, int keys)
    {
        CpuCase layer = CpuCase.Of(annotated);
        LayerShape shape = layer.Cpu.Shape;
        float[] q = [.. CpuCalls.Random(560, queries * shape.QueryHeads * shape.KeyWidth).Select(number => 1 + (number / 8))];
        float[] k = [.. CpuCalls.Random(561, keys * shape.KeyHeads * shape.KeyWidth).Select((number, i) => number + (10f * (3 * (i / shape.KeyWidth / shape.KeyHeads) / keys)))];
        float[] v = CpuCalls.Random(562, keys * shape.ValueHeads * shape.ValueWidth);

        // The gradients of a query's scores cancel, and what is left of them is multiplied with keys of 20: a forgotten factor would be wrong by far more.
        LayerCheck.Core(layer, TokenRows.Core(1, queries, keys), q, k, v, seed: 563, scores: 20 * 20 * Math.Sqrt(shape.KeyWidth));
    }

    /// <summary>Few queries over a context in pieces, all of which count.</summary>
    [Theory]
    [InlineData(typeof(Width80), 1, 1500)]
    [InlineData(typeof(Width31), 5, 2100)]
    [InlineData(typeof(Width576), 1, 700)]
    public void Long_contexts(Type annotated, int queries, int keys) => LayerCheck.Core(CpuCase.Of(annotated), 1, queries, keys, seed: 570);

    /// <summary>Keys after the last query are hidden from all by a top-left diagonal: what they hold reaches nothing, and their gradients are exactly 0.</summary>
    [Theory]
    [InlineData(5, 9)]
    [InlineData(20, 70)]
    public void Hidden_keys_that_are_not_numbers(int queries, int keys)
    {
        CpuCase layer = CpuCase.Of(typeof(TopLeft));
        LayerShape shape = layer.Cpu.Shape;
        TokenRows rows = TokenRows.Core(1, queries, keys, CausalAlign.TopLeft);
        int seen = queries * shape.KeyHeads * shape.KeyWidth;
        float[] q = CpuCalls.Random(541, queries * shape.QueryHeads * shape.KeyWidth);
        float[] k = CpuCalls.Random(542, keys * shape.KeyHeads * shape.KeyWidth);
        float[] v = CpuCalls.Random(543, k.Length);
        LayerCheck.Core(layer, rows, q, k, v, seed: 540, hidden: (seen, seen));
    }

    /// <summary>Queries before the first key: output 0, lse −∞, gradient exactly 0, whatever they and the gradients of their outputs hold.</summary>
    [Theory]
    [InlineData(40, 7)]
    [InlineData(6, 3)]
    public void Queries_that_see_nothing_and_hold_no_numbers(int queries, int keys)
    {
        CpuCase layer = CpuCase.Of(typeof(Tiled));
        LayerShape shape = layer.Cpu.Shape;
        int blind = queries - keys;
        float[] q = CpuCalls.Random(551, queries * shape.QueryHeads * shape.KeyWidth);
        float[] k = CpuCalls.Random(552, keys * shape.KeyHeads * shape.KeyWidth);
        float[] g = CpuCalls.Random(553, queries * shape.ScoreHeads * shape.ValueWidth);
        (_, AttentionWeights<float> weights) = layer.Weights(seed: 550);
        TokenRows rows = TokenRows.Core(1, queries, keys);
        (float[] foul, float[] foulGradient) = ([.. q], [.. g]);
        Array.Fill(foul, float.NaN, 0, blind * shape.QueryHeads * shape.KeyWidth);
        Array.Fill(foulGradient, float.NaN, 0, blind * shape.ScoreHeads * shape.ValueWidth);
        Paths.OnEach(path =>
        {
            (float[] y, float[] lse) = (CpuCalls.Nans(g.Length), CpuCalls.Nans(queries * shape.ScoreHeads));
            layer.Cpu.Core(weights, foul, k, k, y, lse, rows);
            Assert.All(y[..(blind * shape.ScoreHeads * shape.ValueWidth)], number => Assert.Equal(0, number));
            Assert.All(lse[..(blind * shape.ScoreHeads)], number => Assert.Equal(float.NegativeInfinity, number));
            Assert.All(y[(blind * shape.ScoreHeads * shape.ValueWidth)..], number => Assert.True(float.IsFinite(number)));
            float[][] clean = Gradients(q, g);
            float[][] fouled = Gradients(foul, foulGradient);
            Assert.All(fouled[0][..(blind * shape.QueryHeads * shape.KeyWidth)], number => Assert.Equal(0, number));
            Assert.All(Enumerable.Range(0, 4), i => Assert.Equal(clean[i], fouled[i]));
        });

        float[][] Gradients(float[] query, float[] gradient)
        {
            (float[] dq, float[] dk, float[] dv) = (CpuCalls.Nans(q.Length), CpuCalls.Nans(k.Length), CpuCalls.Nans(k.Length));
            AttentionWeights<float> gradients = CpuCalls.NanWeights(layer);
            layer.Cpu.CoreBackward(weights, query, k, k, gradient, dq, dk, dv, gradients, rows);
            return [dq, dk, dv, gradients["sinks"].Data];
        }
    }
}
