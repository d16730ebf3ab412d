using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;

namespace AttnDsl.Conformance.Tests.Identities;

/// <summary>The core's promises about rows without keys, log-sum-exp, alignment and large scores.</summary>
public sealed class CoreTests
{
    public static TheoryData<string> Causal => [.. CoveringCases.All.Where(layer => layer.Reference.Shape.Causal == CausalAlign.BottomRight).Select(layer => layer.Name)];

    [Theory]
    [MemberData(nameof(Causal))]
    public void A_row_that_sees_no_key_gives_0_and_takes_no_gradient(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        LayerShape shape = layer.Reference.Shape;
        AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 91);
        CoreCase core = CoreCase.Random(layer, 2, queries: 5, keys: 3, seed: 92);
        CoreResult<double> result = layer.Reference.Core(weights, core.Query, core.Key, core.Value, core.Rows);
        double[] g = Numbers.Random(93, result.Output.Length);
        AttentionWeights<double> gradients = layer.Reference.Zeros();
        CoreGradients<double> back = layer.Reference.CoreBackward(weights, core.Query, core.Key, core.Value, g, gradients, core.Rows);

        // Queries 0 and 1 stand before the first key.
        Assert.All(Chunked.Slice(result.Output, 2, 0, 2 * shape.ScoreHeads * shape.ValueWidth), number => Assert.Equal(0, number));
        Assert.All(Chunked.Slice(result.Lse, 2, 0, 2 * shape.ScoreHeads), number => Assert.Equal(double.NegativeInfinity, number));
        Assert.All(Chunked.Slice(back.Query, 2, 0, 2 * shape.QueryHeads * shape.KeyWidth), number => Assert.Equal(0, number));
        Numbers.Finite([.. back.Query, .. back.Key, .. back.Value, .. gradients.Tensors.SelectMany(tensor => tensor.Data)]);

        // What such a row is asked for does not reach the keys, the values or the sink.
        double[] spoiled = (double[])g.Clone();
        int size = 5 * shape.ScoreHeads * shape.ValueWidth;
        Array.Fill(spoiled, double.NaN, 0, 2 * shape.ScoreHeads * shape.ValueWidth);
        Array.Fill(spoiled, double.NaN, size, 2 * shape.ScoreHeads * shape.ValueWidth);
        AttentionWeights<double> again = layer.Reference.Zeros();
        CoreGradients<double> same = layer.Reference.CoreBackward(weights, core.Query, core.Key, core.Value, spoiled, again, core.Rows);
        Assert.Equal(back.Key, same.Key);
        Assert.Equal(back.Value, same.Value);
        Assert.All(gradients.Tensors, tensor => Assert.Equal(tensor.Data, again[tensor.Name].Data));
    }

    [Theory]
    [MemberData(nameof(CoveringCases.Names), MemberType = typeof(CoveringCases))]
    public void Core_gradients_fill_the_weights_that_live_in_the_core_and_clear_all_others(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        CoreCase core = CoreCase.Random(layer, 1, 3, 4, seed: 94);
        AttentionWeights<double> gradients = Numbers.RandomWeights(layer.Reference, seed: 95);
        LayerShape shape = layer.Reference.Shape;
        layer.Reference.CoreBackward(
            Numbers.RandomWeights(layer.Reference, seed: 96), core.Query, core.Key, core.Value, Numbers.Random(97, 3 * shape.ScoreHeads * shape.ValueWidth), gradients, core.Rows);
        Assert.All(gradients.Tensors, tensor => Assert.Equal(tensor.Name == "sinks", tensor.Data.Any(number => number != 0)));
    }

    [Fact]
    public void Lse_is_the_natural_logarithm_of_the_keys_without_the_sink()
    {
        AttentionWeights<double> weights = Numbers.RandomWeights(RelatedCases.UnorderedSunk, seed: 98);
        Array.Fill(weights["sinks"].Data, 3);
        double[] q = new double[4 * 3];
        double[] k = Numbers.Random(99, 5 * 3);
        CoreResult<double> result = RelatedCases.UnorderedSunk.Core(weights, q, k, [.. Enumerable.Repeat(1.0, 5 * 3)], TokenRows.Core(1, 1, 5));
        Assert.All(result.Lse, lse => Assert.Equal(Math.Log(5), lse, 14));

        // Five keys of score 0 beside a sink of 3.
        Assert.All(result.Output, output => Assert.Equal(5 / (5 + Math.Exp(3)), output, 14));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Two_halves_of_the_keys_merge_by_lse_and_the_sink_comes_once_afterwards(bool sunk)
    {
        ILayer<double> layer = sunk ? RelatedCases.UnorderedSunk : RelatedCases.Unordered;
        AttentionWeights<double> weights = Numbers.RandomWeights(layer, seed: 100);
        (double[] q, double[] k, double[] v) = (Numbers.Random(101, 6 * 4 * 3), Numbers.Random(102, 9 * 3), Numbers.Random(103, 9 * 3));
        CoreResult<double> whole = layer.Core(weights, q, k, v, TokenRows.Core(1, 6, 9));

        AttentionWeights<double> without = RelatedCases.Unordered.Zeros();
        CoreResult<double> left = RelatedCases.Unordered.Core(without, q, k.AsSpan(0, 4 * 3), v.AsSpan(0, 4 * 3), TokenRows.Core(1, 6, 4));
        CoreResult<double> right = RelatedCases.Unordered.Core(without, q, k.AsSpan(4 * 3), v.AsSpan(4 * 3), TokenRows.Core(1, 6, 5));
        for (int head = 0; head < whole.Lse.Length; head++)
        {
            double lse = Math.Log(Math.Exp(left.Lse[head]) + Math.Exp(right.Lse[head]));
            double share = sunk ? 1 / (1 + Math.Exp(weights["sinks"].Data[head % 4] - lse)) : 1;
            Assert.Equal(lse, whole.Lse[head], Tolerances.SameMaths);
            for (int c = 0; c < 3; c++)
            {
                double merged = (left.Output[(head * 3) + c] * Math.Exp(left.Lse[head] - lse)) + (right.Output[(head * 3) + c] * Math.Exp(right.Lse[head] - lse));
                Assert.Equal(merged * share, whole.Output[(head * 3) + c], Tolerances.SameMaths);
            }
        }
    }

    [Fact]
    public void Bottom_right_sees_the_last_key_last_and_top_left_the_first_key_first()
    {
        ILayer<double> bottomRight = CoveringCases.Of(nameof(Plain)).Reference;
        ILayer<double> topLeft = RelatedCases.PlainTopLeft;
        (double[] q, double[] k, double[] v) = (Numbers.Random(104, 2 * 3 * 4), Numbers.Random(105, 5 * 3 * 4), Numbers.Random(106, 5 * 3 * 4));
        double[] first = topLeft.Core(topLeft.Zeros(), q, k, v, TokenRows.Core(1, 2, 5, CausalAlign.TopLeft)).Output;
        double[] last = bottomRight.Core(bottomRight.Zeros(), q, k, v, TokenRows.Core(1, 2, 5)).Output;

        // The first query sees one key and so copies its value; the last sees all.
        Numbers.Close(v[..(3 * 4)], first[..(3 * 4)], Tolerances.SameMaths);
        double[] all = bottomRight.Core(bottomRight.Zeros(), q.AsSpan(3 * 4), k, v, TokenRows.Core(1, 1, 5)).Output;
        Numbers.Close(all, last[(3 * 4)..], Tolerances.SameMaths);
        Assert.True(Numbers.Difference(first, last) > 1e-3);
    }

    [Theory]
    [InlineData(nameof(Plain), 60)]
    [InlineData(nameof(Plain), 1e4)]
    [InlineData(nameof(Capped), 1e4)]
    [InlineData(nameof(AlibiSink), 1e3)]
    [InlineData(nameof(AlibiBothSides), 1e3)]
    [InlineData(nameof(Reversed), 300)]
    public void Large_scores_stay_finite(string name, double scale)
    {
        TestLayer layer = CoveringCases.Of(name);
        AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 107);
        CoreCase core = CoreCase.Random(layer, 1, 6, 6, seed: 108, scale);
        CoreResult<double> result = layer.Reference.Core(weights, core.Query, core.Key, core.Value, core.Rows);
        (double[] output, double[] lse) = core.Expected(weights);
        Numbers.Finite([.. result.Output, .. result.Lse]);

        // A score of s carries an error of about s ulps, which the exponential turns into a relative one.
        Numbers.Close(output, result.Output, scale * scale * Tolerances.SameMaths, "output");
        Numbers.Close(lse, result.Lse, scale * scale * Tolerances.SameMaths, "lse");

        double[] g = Numbers.Random(109, output.Length);
        AttentionWeights<double> gradients = layer.Reference.Zeros();
        CoreGradients<double> back = layer.Reference.CoreBackward(weights, core.Query, core.Key, core.Value, g, gradients, core.Rows);
        Numbers.Finite([.. back.Query, .. back.Key, .. back.Value, .. gradients.Tensors.SelectMany(tensor => tensor.Data)]);
    }

    [Fact]
    public void A_sink_far_above_the_scores_takes_everything_and_one_far_below_nothing()
    {
        ILayer<double> layer = RelatedCases.UnorderedSunk;
        AttentionWeights<double> weights = layer.Zeros();
        new[] { 1e4, -1e4, 800, -800 }.CopyTo(weights["sinks"].Data, 0);
        (double[] q, double[] k, double[] v) = (Numbers.Random(110, 4 * 3), Numbers.Random(111, 3), [1, 1, 1]);
        CoreResult<double> result = layer.Core(weights, q, k, v, TokenRows.Core(1, 1, 1));
        Numbers.Close([0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1], result.Output, Tolerances.SameMaths);
        Numbers.Finite(result.Lse);
    }
}
