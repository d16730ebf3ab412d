using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>A layer's forward and backward over a block, and its core over queries and keys, by <see cref="SingleRule"/> on every path.</summary>
internal static class LayerCheck
{
    /// <summary>Forward and backward. Padding holds NaN and infinities, which must not be seen; its outputs and gradients are exactly 0.</summary>
    public static void Block(CpuCase layer, Block block, int seed, Action<string>? report = null)
    {
        int dim = layer.Cpu.Shape.Dim;
        TokenRows rows = block.Rows;
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = layer.Weights(seed);
        float[] x = CpuCalls.Random(seed + 100, block.Batch * block.Tokens * dim);
        float[] g = CpuCalls.Random(seed + 101, x.Length);
        float[] cleanX = Padded(x, block, dim, 0);
        float[] cleanG = Padded(g, block, dim, 0);
        double[] expected = layer.Reference.Forward(wide, CpuCalls.Wide(cleanX), rows);
        float[] plain = layer.Single.Forward(narrow, cleanX, rows);
        AttentionWeights<double> expectedGradients = layer.Reference.Zeros();
        AttentionWeights<float> plainGradients = layer.Single.Zeros();
        double[] expectedInput = layer.Reference.Backward(wide, CpuCalls.Wide(cleanX), CpuCalls.Wide(cleanG), expectedGradients, rows);
        float[] plainInput = layer.Single.Backward(narrow, cleanX, cleanG, plainGradients, rows);
        float[] foulX = Padded(x, block, dim, float.NaN);
        float[] foulG = Padded(g, block, dim, float.PositiveInfinity);
        Paths.OnEach(path =>
        {
            string what = FormattableString.Invariant($"{layer.Name}, {block.Batch} x {block.Tokens}, {path}");
            float[] y = layer.Forward(narrow, foulX, rows);
            SingleRule.Check($"{what}, output", expected, plain, y, report: report);
            (float[] dx, AttentionWeights<float> gradients) = layer.Backward(narrow, foulX, foulG, rows);
            SingleRule.Check($"{what}, gradient of x", expectedInput, plainInput, dx, Tolerances.GradientFactor, report);
            SingleRule.Check(what, expectedGradients, plainGradients, gradients, report);
            for (int token = 0; token < block.Batch * block.Tokens; token++)
            {
                if (!block.IsReal(token))
                {
                    Assert.All(y.AsSpan(token * dim, dim).ToArray(), padding => Assert.Equal(0, padding));
                    Assert.All(dx.AsSpan(token * dim, dim).ToArray(), padding => Assert.Equal(0, padding));
                }
            }
        });
    }

    /// <summary>Output, lse and all gradients of the core, for inputs up to <paramref name="size"/>.</summary>
    public static void Core(CpuCase layer, int batch, int queries, int keys, int seed, float size = 1, Action<string>? report = null)
    {
        LayerShape shape = layer.Cpu.Shape;
        float[] q = Scaled(seed + 1, batch * queries * shape.QueryHeads * shape.KeyWidth, size);
        float[] k = Scaled(seed + 2, batch * keys * shape.KeyHeads * shape.KeyWidth, size);
        float[] v = CpuCalls.Random(seed + 3, batch * keys * shape.ValueHeads * shape.ValueWidth);
        Core(layer, TokenRows.Core(batch, queries, keys, shape.Causal ?? CausalAlign.BottomRight), q, k, v, seed, report);
    }

    public static void Core(CpuCase layer, TokenRows rows, float[] q, float[] k, float[] v, int seed, Action<string>? report = null)
    {
        LayerShape shape = layer.Cpu.Shape;
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = layer.Weights(seed);
        float[] g = CpuCalls.Random(seed + 4, rows.Batch * rows.Tokens * shape.ScoreHeads * shape.ValueWidth);
        CoreResult<double> expected = layer.Reference.Core(wide, CpuCalls.Wide(q), CpuCalls.Wide(k), CpuCalls.Wide(v), rows);
        CoreResult<float> plain = layer.Single.Core(narrow, q, k, v, rows);
        AttentionWeights<double> expectedWeights = layer.Reference.Zeros();
        AttentionWeights<float> plainWeights = layer.Single.Zeros();
        CoreGradients<double> expectedGradients = layer.Reference.CoreBackward(wide, CpuCalls.Wide(q), CpuCalls.Wide(k), CpuCalls.Wide(v), CpuCalls.Wide(g), expectedWeights, rows);
        CoreGradients<float> plainGradients = layer.Single.CoreBackward(narrow, q, k, v, g, plainWeights, rows);
        Paths.OnEach(path =>
        {
            string what = FormattableString.Invariant($"{layer.Name}, core {rows.Batch} x {rows.Tokens} over {rows.Keys}, {path}");
            float[] y = CpuCalls.Nans(g.Length);
            float[] lse = CpuCalls.Nans(rows.Batch * rows.Tokens * shape.ScoreHeads);
            layer.Cpu.Core(narrow, q, k, v, y, lse, rows);
            SingleRule.Check($"{what}, output", expected.Output, plain.Output, y, report: report);
            SingleRule.Check($"{what}, lse", expected.Lse, plain.Lse, lse, report: report);
            float[] without = CpuCalls.Nans(g.Length);
            layer.Cpu.Core(narrow, q, k, v, without, default, rows);
            Assert.Equal(y, without);

            (float[] dq, float[] dk, float[] dv) = (CpuCalls.Nans(q.Length), CpuCalls.Nans(k.Length), CpuCalls.Nans(v.Length));
            AttentionWeights<float> gradients = layer.Single.Zeros();
            layer.Cpu.CoreBackward(narrow, q, k, v, g, dq, dk, dv, gradients, rows);
            SingleRule.Check($"{what}, gradient of q", expectedGradients.Query, plainGradients.Query, dq, Tolerances.GradientFactor, report);
            SingleRule.Check($"{what}, gradient of k", expectedGradients.Key, plainGradients.Key, dk, Tolerances.GradientFactor, report);
            SingleRule.Check($"{what}, gradient of v", expectedGradients.Value, plainGradients.Value, dv, Tolerances.GradientFactor, report);
            SingleRule.Check(what, expectedWeights, plainWeights, gradients, report);
        });
    }

    private static float[] Scaled(int seed, int count, float size) => [.. CpuCalls.Random(seed, count).Select(number => size * number)];

    private static float[] Padded(float[] values, Block block, int width, float padding) =>
        [.. values.Select((value, i) => block.IsReal(i / width) ? value : padding)];
}
