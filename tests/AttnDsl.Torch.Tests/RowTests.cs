using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Tests;

/// <summary>Whole layers over rows of every kind, against the reference; padding holds what must not be seen.</summary>
[KeepsTensors]
public sealed class RowTests(ITestOutputHelper output)
{
    [Theory]
    [MemberData(nameof(CoveringCases.Names), MemberType = typeof(CoveringCases))]
    public void In_double_precision_the_module_is_the_reference(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        Block[] blocks = layer.Reference.Shape.Segments ? [Block.Uniform(2, 1), Block.Uniform(2, 7), .. RaggedBlocks.All] : [Block.Uniform(2, 1), Block.Uniform(2, 7)];
        foreach (CorePath path in TorchLayer.Paths(layer, ScalarType.Float64).Where(path => !layer.Reference.Shape.Segments || path == CorePath.Torch))
        {
            using var module = new TorchLayer(layer, ScalarType.Float64, path);
            foreach (Block block in blocks)
            {
                Check(module, block, path);
            }
        }
    }

    [Theory]
    [MemberData(nameof(CoveringCases.RaggedNames), MemberType = typeof(CoveringCases))]
    public void Sdpa_takes_ragged_rows_where_it_is_exact(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        if (TorchLayer.HasSdpa(layer))
        {
            using var module = new TorchLayer(layer, ScalarType.Float64, CorePath.Sdpa);
            Array.ForEach(RaggedBlocks.All, block => Check(module, block, CorePath.Sdpa));
        }
    }

    [Theory]
    [MemberData(nameof(CoveringCases.Names), MemberType = typeof(CoveringCases))]
    public void In_single_precision_every_path_stays_within_the_rule(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        Block[] blocks = layer.Reference.Shape.Segments ? [Block.Uniform(2, 17), RaggedBlocks.Lengths, RaggedBlocks.Packed] : [Block.Uniform(2, 17)];
        foreach (Block block in blocks)
        {
            int dim = layer.Reference.Shape.Dim;
            AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 41);
            double[] x = Numbers.Random(42, block.Batch * block.Tokens * dim);
            double[] g = Clean(Numbers.Random(43, x.Length), block, dim);
            SingleCases.Layer(layer, weights, Clean(x, block, dim), g, block.Rows, output.WriteLine, values => Foul(values, block, dim));
        }
    }

    /// <summary>A number that is none in a segment spoils that segment alone.</summary>
    [Theory]
    [InlineData(nameof(Segmented))]
    [InlineData(nameof(Everything))]
    public void Hidden_segments_are_never_read(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        int dim = layer.Reference.Shape.Dim;
        AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 44);
        TokenRows rows = TokenRows.Ragged([6], 6, default, [1, 1, 2, 2, 1, 1]);
        double[] x = Numbers.Random(45, 6 * dim);
        foreach ((ScalarType dtype, CorePath path) in new[] { (ScalarType.Float64, CorePath.Torch), (ScalarType.Float32, CorePath.Torch), (ScalarType.Float32, CorePath.Fused) })
        {
            using var module = new TorchLayer(layer, dtype, path);
            double[] expected = module.Forward(weights, x, rows);
            double[] spoilt = [.. x];
            Array.Fill(spoilt, double.NaN, 2 * dim, 2 * dim);
            double[] actual = module.Forward(weights, spoilt, rows);
            Numbers.Close([.. expected[..(2 * dim)], .. expected[(4 * dim)..]], [.. actual[..(2 * dim)], .. actual[(4 * dim)..]], dtype == ScalarType.Float64 ? Tolerances.SameMaths : 1e-6, $"{path}");
            Assert.All(actual[(2 * dim)..(4 * dim)], number => Assert.True(double.IsNaN(number)));
        }
    }

    [Theory]
    [InlineData(nameof(Plain))]
    [InlineData(nameof(Everything))]
    public void Equal_inputs_give_equal_bits(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 46);
        double[] x = Numbers.Random(47, 2 * 7 * layer.Reference.Shape.Dim);
        foreach (CorePath path in TorchLayer.Paths(layer, ScalarType.Float32))
        {
            using var module = new TorchLayer(layer, ScalarType.Float32, path);
            Assert.Equal(module.Forward(weights, x, TokenRows.Uniform(2, 7)), module.Forward(weights, x, TokenRows.Uniform(2, 7)));
            Assert.Equal(module.Backward(weights, x, x, TokenRows.Uniform(2, 7)).Input, module.Backward(weights, x, x, TokenRows.Uniform(2, 7)).Input);
        }
    }

    private static void Check(TorchLayer module, Block block, CorePath path)
    {
        TestLayer layer = module.Layer;
        int dim = layer.Reference.Shape.Dim;
        AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 48);
        double[] x = Numbers.Random(49, block.Batch * block.Tokens * dim);
        double[] g = Numbers.Random(50, x.Length);
        string what = FormattableString.Invariant($"{layer.Name}, {path}, {block.Batch} x {block.Tokens}");
        double[] y = module.Forward(weights, Foul(x, block, dim), block.Rows);
        Numbers.Close(layer.Reference.Forward(weights, x, block.Rows), y, Tolerances.SameMaths, what);
        AttentionWeights<double> expected = layer.Reference.Zeros();
        double[] expectedInput = layer.Reference.Backward(weights, x, g, expected, block.Rows);
        (double[] dx, AttentionWeights<double> gradients) = module.Backward(weights, Foul(x, block, dim), g, block.Rows);
        Numbers.Close(expectedInput, dx, 10 * Tolerances.SameMaths, what + ", dx");
        Assert.All(expected.Tensors, tensor => Numbers.Close(tensor.Data, gradients[tensor.Name].Data, 10 * Tolerances.SameMaths, $"{what}, {tensor.Name}"));
        Assert.All(dx.Where((_, i) => !block.IsReal(i / dim)), gradient => Assert.Equal(0, gradient));
    }

    private static double[] Clean(double[] values, Block block, int dim) => [.. values.Select((value, i) => block.IsReal(i / dim) ? value : 0)];

    private static double[] Foul(double[] values, Block block, int dim) => [.. values.Select((value, i) => block.IsReal(i / dim) ? value : i % 2 == 0 ? double.NaN : double.PositiveInfinity)];
}
