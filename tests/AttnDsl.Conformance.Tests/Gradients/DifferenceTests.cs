using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Gradients;

/// <summary>Gradients against central differences of the forward, number by number.</summary>
public sealed class DifferenceTests(ITestOutputHelper output)
{
    private double _worst;

    [Theory]
    [MemberData(nameof(CoveringCases.Names), MemberType = typeof(CoveringCases))]
    public void Layers(string name)
    {
        ILayer<double> layer = CoveringCases.Of(name).Reference;
        CheckLayer(layer, Block.Uniform(2, 4));
        Report(name);
    }

    [Theory]
    [MemberData(nameof(CoveringCases.RaggedNames), MemberType = typeof(CoveringCases))]
    public void Ragged_layers(string name)
    {
        ILayer<double> layer = CoveringCases.Of(name).Reference;
        CheckLayer(layer, RaggedBlocks.Packed);
        CheckLayer(layer, RaggedBlocks.Lengths);
        Report(name);
    }

    [Theory]
    [MemberData(nameof(CoveringCases.Names), MemberType = typeof(CoveringCases))]
    public void Cores(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        foreach ((int queries, int keys) in new[] { (3, 5), (5, 3) })
        {
            CheckCore(layer, queries, keys);
        }

        Report(name);
    }

    private void CheckLayer(ILayer<double> layer, Block block)
    {
        AttentionWeights<double> weights = Numbers.RandomWeights(layer, seed: 131);
        double[] x = Numbers.Random(132, block.Batch * block.Tokens * layer.Shape.Dim);
        double[] g = Numbers.Random(133, x.Length);
        AttentionWeights<double> gradients = layer.Zeros();
        double[] dx = layer.Backward(weights, x, g, gradients, block.Rows);

        double Loss() => Sum(layer.Forward(weights, x, block.Rows), g);
        Check("x", x, dx, Loss);
        foreach (WeightTensor<double> tensor in weights.Tensors)
        {
            Check(tensor.Name, tensor.Data, gradients[tensor.Name].Data, Loss);
        }
    }

    private void CheckCore(TestLayer layer, int queries, int keys)
    {
        AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 134);
        CoreCase core = CoreCase.Random(layer, 1, queries, keys, seed: 135);
        LayerShape shape = layer.Reference.Shape;
        double[] g = Numbers.Random(136, queries * shape.ScoreHeads * shape.ValueWidth);
        AttentionWeights<double> gradients = layer.Reference.Zeros();
        CoreGradients<double> result = layer.Reference.CoreBackward(weights, core.Query, core.Key, core.Value, g, gradients, core.Rows);

        double Loss() => Sum(layer.Reference.Core(weights, core.Query, core.Key, core.Value, core.Rows).Output, g);
        Check("q", core.Query, result.Query, Loss);
        Check("k", core.Key, result.Key, Loss);
        Check("v", core.Value, result.Value, Loss);
        foreach (WeightTensor<double> tensor in weights.Tensors.Where(tensor => tensor.Name == "sinks"))
        {
            Check(tensor.Name, tensor.Data, gradients[tensor.Name].Data, Loss);
        }
    }

    /// <summary>Moves every number a step up and down; the array is as it was afterwards.</summary>
    private void Check(string what, double[] values, double[] gradient, Func<double> loss)
    {
        Assert.Equal(values.Length, gradient.Length);
        for (int i = 0; i < values.Length; i++)
        {
            double value = values[i];
            values[i] = value + Tolerances.Step;
            double up = loss();
            values[i] = value - Tolerances.Step;
            double down = loss();
            values[i] = value;

            double difference = (up - down) / (2 * Tolerances.Step);
            double error = Math.Abs(difference - gradient[i]);
            double limit = Tolerances.DifferenceAbsolute + (Tolerances.DifferenceRelative * Math.Abs(difference));
            Assert.True(error <= limit, FormattableString.Invariant($"{what}[{i}]: gradient {gradient[i]:R}, difference {difference:R}, apart by {error:E2}, limit {limit:E2}"));
            _worst = Math.Max(_worst, error);
        }
    }

    private static double Sum(IEnumerable<double> values, double[] weights) => values.Zip(weights, (a, b) => a * b).Sum();

    private void Report(string name) => output.WriteLine(FormattableString.Invariant($"{name}: largest distance from a central difference {_worst:E1}"));
}
