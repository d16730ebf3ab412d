using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;

namespace AttnDsl.Conformance.Tests.Identities;

/// <summary>Rows of a batch know nothing of each other, and padding is nobody's business.</summary>
public sealed class RowTests
{
    [Theory]
    [MemberData(nameof(CoveringCases.Names), MemberType = typeof(CoveringCases))]
    public void The_order_of_rows_commutes_and_each_row_equals_itself_alone(string name)
    {
        ILayer<double> layer = CoveringCases.Of(name).Reference;
        int size = 5 * layer.Shape.Dim;
        AttentionWeights<double> weights = Numbers.RandomWeights(layer, seed: 71);
        double[][] rows = [.. Numbers.Random(72, 3 * size).Chunk(size)];
        double[] straight = layer.Forward(weights, [.. rows[0], .. rows[1], .. rows[2]], TokenRows.Uniform(3, 5));
        double[] permuted = layer.Forward(weights, [.. rows[2], .. rows[0], .. rows[1]], TokenRows.Uniform(3, 5));
        Assert.Equal([.. straight[(2 * size)..], .. straight[..(2 * size)]], permuted);
        Assert.Equal(straight[size..(2 * size)], layer.Forward(weights, rows[1], TokenRows.Uniform(1, 5)));
    }

    [Theory]
    [MemberData(nameof(CoveringCases.Names), MemberType = typeof(CoveringCases))]
    public void Equal_inputs_give_equal_bits(string name)
    {
        ILayer<double> layer = CoveringCases.Of(name).Reference;
        AttentionWeights<double> weights = Numbers.RandomWeights(layer, seed: 73);
        double[] x = Numbers.Random(74, 2 * 7 * layer.Shape.Dim);
        (AttentionWeights<double> first, AttentionWeights<double> second) = (layer.Zeros(), layer.Zeros());
        TokenRows rows = TokenRows.Uniform(2, 7);
        Assert.Equal(layer.Forward(weights, x, rows), layer.Forward(weights, x, rows));
        Assert.Equal(layer.Backward(weights, x, x, first, rows), layer.Backward(weights, x, x, second, rows));
        Assert.All(first.Tensors, tensor => Assert.Equal(tensor.Data, second[tensor.Name].Data));
    }

    [Theory]
    [MemberData(nameof(CoveringCases.Names), MemberType = typeof(CoveringCases))]
    public void Gradients_are_overwritten_not_added_to(string name)
    {
        ILayer<double> layer = CoveringCases.Of(name).Reference;
        AttentionWeights<double> weights = Numbers.RandomWeights(layer, seed: 75);
        double[] x = Numbers.Random(76, 3 * layer.Shape.Dim);
        (AttentionWeights<double> clean, AttentionWeights<double> used) = (layer.Zeros(), Numbers.RandomWeights(layer, seed: 77));
        layer.Backward(weights, x, x, clean, TokenRows.Uniform(1, 3));
        layer.Backward(weights, x, x, used, TokenRows.Uniform(1, 3));
        Assert.All(clean.Tensors, tensor => Assert.Equal(tensor.Data, used[tensor.Name].Data));
    }

    [Theory]
    [MemberData(nameof(CoveringCases.RaggedNames), MemberType = typeof(CoveringCases))]
    public void What_stands_in_padding_is_never_read(string name)
    {
        ILayer<double> layer = CoveringCases.Of(name).Reference;
        int dim = layer.Shape.Dim;
        AttentionWeights<double> weights = Numbers.RandomWeights(layer, seed: 78);
        foreach (Block block in RaggedBlocks.All)
        {
            double[] x = Numbers.Random(79, block.Batch * block.Tokens * dim);
            double[] g = Numbers.Random(80, x.Length);
            (double[] spoiled, double[] spoiledGradient) = (Spoil(x, block, dim), Spoil(g, block, dim));
            Assert.Equal(layer.Forward(weights, x, block.Rows), layer.Forward(weights, spoiled, block.Rows));

            (AttentionWeights<double> clean, AttentionWeights<double> gradients) = (layer.Zeros(), layer.Zeros());
            double[] dx = layer.Backward(weights, spoiled, spoiledGradient, gradients, block.Rows);
            Assert.Equal(layer.Backward(weights, x, g, clean, block.Rows), dx);
            Assert.All(clean.Tensors, tensor => Assert.Equal(tensor.Data, gradients[tensor.Name].Data));
            Assert.All(dx.Where((_, i) => !block.IsReal(i / dim)), gradient => Assert.Equal(0, gradient));
        }
    }

    [Theory]
    [InlineData(nameof(Segmented))]
    [InlineData(nameof(Everything))]
    public void What_stands_in_padding_never_gets_into_a_cache(string name)
    {
        ILayer<double> layer = CoveringCases.Of(name).Reference;
        int dim = layer.Shape.Dim;
        AttentionWeights<double> weights = Numbers.RandomWeights(layer, seed: 81);
        Block block = RaggedBlocks.Lengths;
        double[] x = Numbers.Random(82, block.Batch * block.Tokens * dim);
        double[] next = Numbers.Random(83, block.Batch * dim);
        (ReferenceCache<double> clean, ReferenceCache<double> spoiled) = (layer.CreateCache(block.Batch), layer.CreateCache(block.Batch));
        layer.Prefill(weights, x, clean, block.Rows);
        layer.Prefill(weights, Spoil(x, block, dim), spoiled, block.Rows);
        Assert.Equal(layer.Decode(weights, next, clean), layer.Decode(weights, next, spoiled));
    }

    /// <summary>A number that is none in a segment spoils that segment alone.</summary>
    [Theory]
    [InlineData(nameof(Segmented))]
    [InlineData(nameof(SegmentedBothSides))]
    [InlineData(nameof(Sparse))]
    [InlineData(nameof(Everything))]
    public void Hidden_keys_are_never_read(string name)
    {
        ILayer<double> layer = CoveringCases.Of(name).Reference;
        int dim = layer.Shape.Dim;
        AttentionWeights<double> weights = Numbers.RandomWeights(layer, seed: 84);
        TokenRows rows = TokenRows.Ragged([6], 6, default, [1, 1, 2, 2, 1, 1]);
        double[] x = Numbers.Random(85, 6 * dim);
        double[] expected = layer.Forward(weights, x, rows);
        Array.Fill(x, double.NaN, 2 * dim, 2 * dim);
        double[] actual = layer.Forward(weights, x, rows);
        Assert.Equal([.. expected[..(2 * dim)], .. expected[(4 * dim)..]], [.. actual[..(2 * dim)], .. actual[(4 * dim)..]]);
        Assert.All(actual[(2 * dim)..(4 * dim)], number => Assert.True(double.IsNaN(number)));
    }

    private static double[] Spoil(double[] values, Block block, int dim) => [.. values.Select((value, i) => block.IsReal(i / dim) ? value : i % 2 == 0 ? double.NaN : double.PositiveInfinity)];
}
