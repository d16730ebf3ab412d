using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Conformance.Tests.Cpu;
using AttnDsl.Conformance.Tests.Layers;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Tests;

/// <summary>A layer in float32 on every path it can take, by the rule that all kernels in single precision obey: measured against the double reference on the same, rounded inputs, with a plain loop as the yardstick.</summary>
internal static class SingleCases
{
    public static (AttentionWeights<double> Wide, AttentionWeights<float> Narrow) Rounded(TestLayer layer, AttentionWeights<double> weights)
    {
        AttentionWeights<float> narrow = layer.Single.Zeros();
        weights.CopyTo(narrow);
        AttentionWeights<double> wide = layer.Reference.Zeros();
        narrow.CopyTo(wide);
        return (wide, narrow);
    }

    public static float[] Narrow(double[] values) => [.. values.Select(value => (float)value)];

    public static double[] Wide(float[] values) => [.. values.Select(value => (double)value)];

    /// <summary>Output and all gradients of a layer. What <paramref name="foul"/> makes of inputs must not be seen.</summary>
    public static void Layer(TestLayer layer, AttentionWeights<double> weights, double[] x, double[] g, TokenRows rows, Action<string> report, Func<double[], double[]>? foul = null)
    {
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = Rounded(layer, weights);
        (float[] fx, float[] fg) = (Narrow(x), Narrow(g));
        (double[] wx, double[] wg) = (Wide(fx), Wide(fg));
        foul ??= values => values;
        double[] expected = layer.Reference.Forward(wide, wx, rows);
        float[] plain = layer.Single.Forward(narrow, fx, rows);
        (AttentionWeights<double> expectedWeights, AttentionWeights<float> plainWeights) = (layer.Reference.Zeros(), layer.Single.Zeros());
        double[] expectedInput = layer.Reference.Backward(wide, wx, wg, expectedWeights, rows);
        float[] plainInput = layer.Single.Backward(narrow, fx, fg, plainWeights, rows);
        foreach (CorePath path in TorchLayer.Paths(layer, ScalarType.Float32))
        {
            using var module = new TorchLayer(layer, ScalarType.Float32, path);
            string what = $"{layer.Name}, {path}";
            SingleRule.Check($"{what}, out", expected, plain, Narrow(module.Forward(wide, foul(wx), rows)), report: report);
            Assert.Equal(path, module.Module.LastCore!.Path);
            (double[] dx, AttentionWeights<double> gradients) = module.Backward(wide, foul(wx), wg, rows);
            SingleRule.Gradients(what, [("x", expectedInput, plainInput, Narrow(dx)), .. Weights(expectedWeights, plainWeights, gradients)], report: report);
            if (path == CorePath.Fused)
            {
                Assert.Equal(CorePath.Fused, module.Module.LastGradient!.Path);
            }
        }
    }

    /// <summary>Output, lse and all gradients of a core, for scores up to <paramref name="scores"/>.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="rows">Queries over keys.</param>
    /// <param name="q">Queries.</param>
    /// <param name="k">Keys.</param>
    /// <param name="v">Values.</param>
    /// <param name="report">Receives the errors.</param>
    /// <param name="scores">Size of the largest scores where they are large.</param>
    /// <param name="hidden">Places in k and v from which on no query sees anything: the module gets NaN and infinity there, and must leave gradients of exactly 0.</param>
    public static void Core(TestLayer layer, TokenRows rows, double[] q, double[] k, double[] v, Action<string> report, double scores = 0, (int Keys, int Values)? hidden = null)
    {
        LayerShape shape = layer.Reference.Shape;
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = Rounded(layer, Numbers.RandomWeights(layer.Reference, seed: 31));
        (float[] fq, float[] fk, float[] fv) = (Narrow(q), Narrow(k), Narrow(v));
        (q, k, v) = (Wide(fq), Wide(fk), Wide(fv));
        float[] fg = Narrow(Numbers.Random(32, rows.Batch * rows.Tokens * shape.ScoreHeads * shape.ValueWidth));
        CoreResult<double> expected = layer.Reference.Core(wide, q, k, v, rows);
        CoreResult<float> plain = layer.Single.Core(narrow, fq, fk, fv, rows);
        (AttentionWeights<double> expectedWeights, AttentionWeights<float> plainWeights) = (layer.Reference.Zeros(), layer.Single.Zeros());
        CoreGradients<double> expectedGradients = layer.Reference.CoreBackward(wide, q, k, v, Wide(fg), expectedWeights, rows);
        CoreGradients<float> plainGradients = layer.Single.CoreBackward(narrow, fq, fk, fv, fg, plainWeights, rows);
        (int keyEnd, int valueEnd) = hidden ?? (k.Length, v.Length);
        double[] foulK = [.. k[..keyEnd], .. Enumerable.Repeat(double.NaN, k.Length - keyEnd)];
        double[] foulV = [.. v[..valueEnd], .. Enumerable.Repeat(double.PositiveInfinity, v.Length - valueEnd)];
        foreach (CorePath path in TorchLayer.Paths(layer, ScalarType.Float32).Where(path => hidden is null || path != CorePath.Sdpa))
        {
            using var module = new TorchLayer(layer, ScalarType.Float32, path);
            string what = FormattableString.Invariant($"{layer.Name}, core {rows.Batch} x {rows.Tokens} over {rows.Keys}, {path}");
            CoreResult<double> actual = module.Core(wide, q, foulK, foulV, rows);
            SingleRule.Check($"{what}, output", expected.Output, plain.Output, Narrow(actual.Output), scores, report);
            SingleRule.Check($"{what}, lse", expected.Lse, plain.Lse, Narrow(actual.Lse), report: report);
            (CoreGradients<double> operands, AttentionWeights<double> gradients) = module.CoreBackward(wide, q, foulK, foulV, Wide(fg), rows);
            SingleRule.Gradients(
                what,
                [
                    ("q", expectedGradients.Query, plainGradients.Query, Narrow(operands.Query)),
                    ("k", expectedGradients.Key, plainGradients.Key, Narrow(operands.Key)),
                    ("v", expectedGradients.Value, plainGradients.Value, Narrow(operands.Value)),
                    .. Weights(expectedWeights, plainWeights, gradients),
                ],
                scores,
                report);
            Assert.All(operands.Key[keyEnd..].Concat(operands.Value[valueEnd..]), gradient => Assert.Equal(0, gradient));
        }
    }

    private static IEnumerable<(string Name, double[] Expected, float[] Yardstick, float[] Actual)> Weights(AttentionWeights<double> expected, AttentionWeights<float> yardstick, AttentionWeights<double> actual) =>
        expected.Tensors.Select(tensor => (tensor.Name, tensor.Data, yardstick[tensor.Name].Data, Narrow(actual[tensor.Name].Data)));
}
