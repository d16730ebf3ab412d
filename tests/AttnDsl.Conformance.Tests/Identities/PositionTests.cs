using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;

namespace AttnDsl.Conformance.Tests.Identities;

/// <summary>What may and may not depend on where a token stands.</summary>
public sealed class PositionTests
{
    [Theory]
    [MemberData(nameof(CoveringCases.CachedNames), MemberType = typeof(CoveringCases))]
    public void Later_tokens_change_no_earlier_output(string name)
    {
        ILayer<double> layer = CoveringCases.Of(name).Reference;
        int dim = layer.Shape.Dim;
        AttentionWeights<double> weights = Numbers.RandomWeights(layer, seed: 51);
        double[] x = Numbers.Random(52, 9 * dim);
        double[] whole = layer.Forward(weights, x, TokenRows.Uniform(1, 9));
        for (int tokens = 1; tokens < 9; tokens++)
        {
            double[] prefix = layer.Forward(weights, x.AsSpan(0, tokens * dim), TokenRows.Uniform(1, tokens));
            Assert.Equal(whole[..(tokens * dim)], prefix);
        }
    }

    [Theory]
    [MemberData(nameof(CoveringCases.CachedNames), MemberType = typeof(CoveringCases))]
    public void No_gradient_flows_to_later_tokens(string name)
    {
        ILayer<double> layer = CoveringCases.Of(name).Reference;
        int dim = layer.Shape.Dim;
        AttentionWeights<double> weights = Numbers.RandomWeights(layer, seed: 53);
        var g = new double[6 * dim];
        Numbers.Random(54, dim).CopyTo(g, 2 * dim);
        double[] dx = layer.Backward(weights, Numbers.Random(55, 6 * dim), g, layer.Zeros(), TokenRows.Uniform(1, 6));
        Assert.All(dx[(3 * dim)..], gradient => Assert.Equal(0, gradient));
        Assert.Contains(dx[(2 * dim)..(3 * dim)], gradient => gradient != 0);
    }

    [Fact]
    public void Without_mask_and_positions_the_order_of_tokens_means_nothing()
    {
        ILayer<double> layer = RelatedCases.Unordered;
        AttentionWeights<double> weights = Numbers.RandomWeights(layer, seed: 56);
        double[][] tokens = [.. Numbers.Random(57, 6 * 12).Chunk(12)];
        int[] order = [4, 0, 5, 2, 1, 3];
        double[][] straight = [.. layer.Forward(weights, [.. tokens.SelectMany(t => t)], TokenRows.Uniform(1, 6)).Chunk(12)];
        double[] permuted = layer.Forward(weights, [.. order.SelectMany(t => tokens[t])], TokenRows.Uniform(1, 6));
        Numbers.Close([.. order.SelectMany(t => straight[t])], permuted, Tolerances.SameMaths);
    }

    [Theory]
    [InlineData(nameof(Segmented))]
    [InlineData(nameof(SegmentedBothSides))]
    [InlineData(nameof(Everything))]
    public void Only_differences_of_positions_matter(string name)
    {
        ILayer<double> layer = CoveringCases.Of(name).Reference;
        AttentionWeights<double> weights = Numbers.RandomWeights(layer, seed: 58);
        double[] x = Numbers.Random(59, 5 * layer.Shape.Dim);
        double[] near = layer.Forward(weights, x, TokenRows.Ragged([5], 5, [0, 1, 3, 4, 9]));
        double[] far = layer.Forward(weights, x, TokenRows.Ragged([5], 5, [1000, 1001, 1003, 1004, 1009]));
        Numbers.Close(near, far, 1000 * Tolerances.SameMaths, "angles near 1000 are rounded a thousand times as coarsely");
        Assert.True(Numbers.Difference(near, layer.Forward(weights, x, TokenRows.Uniform(1, 5))) > 1e-6);
    }

    [Theory]
    [InlineData(nameof(Segmented))]
    [InlineData(nameof(SegmentedBothSides))]
    [InlineData(nameof(Sparse))]
    [InlineData(nameof(Everything))]
    public void Packed_sequences_equal_sequences_alone(string name)
    {
        ILayer<double> layer = CoveringCases.Of(name).Reference;
        int dim = layer.Shape.Dim;
        AttentionWeights<double> weights = Numbers.RandomWeights(layer, seed: 60);
        double[] x = Numbers.Random(61, 9 * dim);
        double[] packed = layer.Forward(weights, x, TokenRows.Ragged([9], 9, [0, 1, 2, 3, 0, 0, 1, 2, 3], [1, 1, 1, 1, 2, 3, 3, 3, 3]));
        foreach ((int start, int length) in new[] { (0, 4), (4, 1), (5, 4) })
        {
            double[] alone = layer.Forward(weights, x.AsSpan(start * dim, length * dim), TokenRows.Uniform(1, length));
            Numbers.Close(alone, packed[(start * dim)..((start + length) * dim)], Tolerances.SameMaths, $"tokens from {start}");
        }
    }
}
