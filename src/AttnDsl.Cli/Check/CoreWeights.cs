using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Cli.Layers;

namespace AttnDsl.Cli.Check;

/// <summary>Which weights a layer's core reads, found out by asking it: a weight that is NaN shows in the output of the core that reads it.</summary>
internal static class CoreWeights
{
    /// <summary>Names of the weights, in the layer's order.</summary>
    public static IReadOnlyList<string> ReadBy(ILayer<double> layer)
    {
        LayerShape shape = layer.Shape;
        double[] query = new double[shape.QueryHeads * shape.KeyWidth];
        double[] key = new double[shape.KeyHeads * shape.KeyWidth];
        double[] value = new double[shape.ValueHeads * shape.ValueWidth];
        Array.Fill(value, 1);

        // One query that sees itself: no mask can hide the weight's effect.
        TokenRows rows = TokenRows.Core(1, 1, 1, shape.Causal ?? CausalAlign.BottomRight);
        AttentionWeights<double> weights = layer.ZeroWeights();
        List<string> names = [];
        foreach (WeightTensor<double> weight in weights.Tensors)
        {
            Array.Fill(weight.Data, double.NaN);
            if (layer.Core(weights, query, key, value, rows).Output.Any(double.IsNaN))
            {
                names.Add(weight.Name);
            }

            Array.Clear(weight.Data);
        }

        return names;
    }
}
