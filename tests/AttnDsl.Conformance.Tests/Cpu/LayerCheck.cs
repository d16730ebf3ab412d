using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>A layer's forward and backward over a block, and its core over queries and keys, by <see cref="SingleRule"/> on every path.</summary>
internal static class LayerCheck
{
    /// <summary>Forward, and backward where the layer has one. Padding holds NaN and infinities, which must not be seen; its outputs and gradients are exactly 0.</summary>
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
        bool differentiated = layer.Cpu.Shape.NoGradient is null;
        double[] expectedInput = differentiated ? layer.Reference.Backward(wide, CpuCalls.Wide(cleanX), CpuCalls.Wide(cleanG), expectedGradients, rows) : [];
        float[] plainInput = differentiated ? layer.Single.Backward(narrow, cleanX, cleanG, plainGradients, rows) : [];
        float[] foulX = Padded(x, block, dim, float.NaN);
        float[] foulG = Padded(g, block, dim, float.PositiveInfinity);
        Paths.OnEach(path =>
        {
            string what = FormattableString.Invariant($"{layer.Name}, {block.Batch} x {block.Tokens}, {path}");
            float[] y = layer.Forward(narrow, foulX, rows);
            SingleRule.Check($"{what}, output", expected, plain, y, report: report);
            float[] dx = new float[x.Length];
            if (differentiated)
            {
                (dx, AttentionWeights<float> gradients) = layer.Backward(narrow, foulX, foulG, rows);
                SingleRule.Gradients(what, [("x", expectedInput, plainInput, dx), .. SingleRule.Weights(expectedGradients, plainGradients, gradients)], report: report);
            }

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

    /// <summary>Output, lse and all gradients of the core where it has any, for inputs up to <paramref name="size"/>.</summary>
    public static void Core(CpuCase layer, int batch, int queries, int keys, int seed, float size = 1, Action<string>? report = null)
    {
        LayerShape shape = layer.Cpu.Shape;
        float[] q = Scaled(seed + 1, batch * queries * shape.QueryHeads * shape.KeyWidth, size);
        float[] k = Scaled(seed + 2, batch * keys * shape.KeyHeads * shape.KeyWidth, size);
        float[] v = CpuCalls.Random(seed + 3, batch * keys * shape.ValueHeads * shape.ValueWidth);
        Core(layer, TokenRows.Core(batch, queries, keys, shape.Causal ?? CausalAlign.BottomRight), q, k, v, seed, report, scores: size > 1 ? size * size : 0);
    }

    /// <param name="layer">The layer.</param>
    /// <param name="rows">Queries over keys.</param>
    /// <param name="q">Queries.</param>
    /// <param name="k">Keys.</param>
    /// <param name="v">Values.</param>
    /// <param name="seed">Of the weights and of the gradient.</param>
    /// <param name="report">Receives the errors.</param>
    /// <param name="hidden">Places in k and v from which on no query sees anything: the kernel gets NaN and infinity there, and must leave gradients of exactly 0.</param>
    /// <param name="scores">Size of the largest scores where they are large, before any cap; see <see cref="SingleRule"/>.</param>
    public static void Core(CpuCase layer, TokenRows rows, float[] q, float[] k, float[] v, int seed, Action<string>? report = null, (int Keys, int Values)? hidden = null, double scores = 0)
    {
        LayerShape shape = layer.Cpu.Shape;
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = layer.Weights(seed);
        float[] g = CpuCalls.Random(seed + 4, rows.Batch * rows.Tokens * shape.ScoreHeads * shape.ValueWidth);
        CoreResult<double> expected = layer.Reference.Core(wide, CpuCalls.Wide(q), CpuCalls.Wide(k), CpuCalls.Wide(v), rows);
        CoreResult<float> plain = layer.Single.Core(narrow, q, k, v, rows);
        (int keyEnd, int valueEnd) = hidden ?? (k.Length, v.Length);
        float[] foulK = [.. k[..keyEnd], .. CpuCalls.Nans(k.Length - keyEnd)];
        float[] foulV = [.. v[..valueEnd], .. Enumerable.Repeat(float.PositiveInfinity, v.Length - valueEnd)];
        Paths.OnEach(path =>
        {
            string what = FormattableString.Invariant($"{layer.Name}, core {rows.Batch} x {rows.Tokens} over {rows.Keys}, {path}");
            float[] y = CpuCalls.Nans(g.Length);
            float[] lse = CpuCalls.Nans(rows.Batch * rows.Tokens * shape.ScoreHeads);
            layer.Cpu.Core(narrow, q, foulK, foulV, y, lse, rows);
            SingleRule.Check($"{what}, output", expected.Output, plain.Output, y, scores, report);
            SingleRule.Check($"{what}, lse", expected.Lse, plain.Lse, lse, report: report);
            float[] without = CpuCalls.Nans(g.Length);
            layer.Cpu.Core(narrow, q, foulK, foulV, without, default, rows);
            Assert.Equal(y, without);
        });
        if (shape.NoGradient is not null)
        {
            return;
        }

        AttentionWeights<double> expectedWeights = layer.Reference.Zeros();
        AttentionWeights<float> plainWeights = layer.Single.Zeros();
        CoreGradients<double> expectedGradients = layer.Reference.CoreBackward(wide, CpuCalls.Wide(q), CpuCalls.Wide(k), CpuCalls.Wide(v), CpuCalls.Wide(g), expectedWeights, rows);
        CoreGradients<float> plainGradients = layer.Single.CoreBackward(narrow, q, k, v, g, plainWeights, rows);
        Paths.OnEach(path =>
        {
            string what = FormattableString.Invariant($"{layer.Name}, core {rows.Batch} x {rows.Tokens} over {rows.Keys}, {path}");
            (float[] dq, float[] dk, float[] dv) = (CpuCalls.Nans(q.Length), CpuCalls.Nans(k.Length), CpuCalls.Nans(v.Length));
            AttentionWeights<float> gradients = layer.Single.Zeros();
            layer.Cpu.CoreBackward(narrow, q, foulK, foulV, g, dq, dk, dv, gradients, rows);
            SingleRule.Gradients(
                what,
                [
                    ("q", expectedGradients.Query, plainGradients.Query, dq),
                    ("k", expectedGradients.Key, plainGradients.Key, dk),
                    ("v", expectedGradients.Value, plainGradients.Value, dv),
                    .. SingleRule.Weights(expectedWeights, plainWeights, gradients),
                ],
                scores,
                report);
            Assert.All(dk[keyEnd..].Concat(dv[valueEnd..]), gradient => Assert.Equal(0, gradient));
        });
    }

    private static float[] Scaled(int seed, int count, float size) => [.. CpuCalls.Random(seed, count).Select(number => size * number)];

    private static float[] Padded(float[] values, Block block, int width, float padding) =>
        [.. values.Select((value, i) => block.IsReal(i / width) ? value : padding)];
}
