using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Goldens;

/// <summary>The single-precision reference, which is the yardstick of faster backends, against the double one on inputs rounded to single precision first.</summary>
[Collection(GoldenTests.Name)]
public sealed class SinglePrecisionTests(ITestOutputHelper output)
{
    [Theory]
    [MemberData(nameof(GoldenCases.LayerFiles), MemberType = typeof(GoldenCases))]
    public void Layers_stay_within_the_rule(string file)
    {
        using Golden? golden = Golden.Open(file, output);
        if (golden is null)
        {
            return;
        }

        (ILayer<double> reference, ILayer<float> single) = (golden.Reference, golden.Layer.Single);
        (AttentionWeights<double> weights, AttentionWeights<float> narrow) = (golden.Weights(), single.Zeros());
        weights.CopyTo(narrow);
        narrow.CopyTo(weights);
        (float[] x, float[] g) = (Narrow(golden["x"]), Narrow(golden["g"]));
        TokenRows rows = golden.Rows();

        LayerShape shape = reference.Shape;
        int longest = new[] { shape.Dim, shape.ScoreHeads * shape.ValueWidth, rows.Batch * rows.Tokens }.Max();
        Check("out", reference.Forward(weights, Wide(x), rows), single.Forward(narrow, x, rows), longest, 1);

        (AttentionWeights<double> gradients, AttentionWeights<float> narrowGradients) = (reference.Zeros(), single.Zeros());
        double[] dx = reference.Backward(weights, Wide(x), Wide(g), gradients, rows);
        Check("grad.x", dx, single.Backward(narrow, x, g, narrowGradients, rows), longest, Tolerances.GradientFactor);
        foreach (WeightTensor<double> tensor in gradients.Tensors)
        {
            Check("grad." + tensor.Name, tensor.Data, narrowGradients[tensor.Name].Data, longest, Tolerances.GradientFactor);
        }
    }

    [Fact]
    public void The_core_stays_within_the_rule()
    {
        using Golden? golden = Golden.Open(GoldenCases.Core, output);
        if (golden is null)
        {
            return;
        }

        (float[] q, float[] k, float[] v) = (Narrow(golden["q"]), Narrow(golden["k"]), Narrow(golden["v"]));
        TokenRows rows = TokenRows.Core(golden.Shape("q")[0], golden.Shape("q")[1], golden.Shape("k")[1]);
        CoreResult<double> expected = golden.Reference.Core(golden.Reference.Zeros(), Wide(q), Wide(k), Wide(v), rows);
        CoreResult<float> actual = golden.Layer.Single.Core(golden.Layer.Single.Zeros(), q, k, v, rows);
        double limit = Tolerances.SingleCore(golden.Reference.Shape.KeyWidth, v.Max(MathF.Abs));
        Check("out", expected.Output, actual.Output, limit);
        Check("lse", expected.Lse, actual.Lse, limit);
    }

    [Theory]
    [MemberData(nameof(GoldenCases.CachedFiles), MemberType = typeof(GoldenCases))]
    public void Token_by_token_in_single_precision_equals_the_block(string file)
    {
        TestLayer layer = GoldenCases.Layers[file];
        const int Tokens = 9;
        AttentionWeights<float> weights = layer.Single.Create(seed: 3);
        float[] x = Narrow(Numbers.Random(4, Tokens * layer.Reference.Shape.Dim));
        float[] whole = layer.Single.Forward(weights, x, TokenRows.Uniform(1, Tokens));
        ReferenceCache<float> cache = layer.Single.CreateCache(1);
        float[] steps = [.. x.Chunk(layer.Reference.Shape.Dim).SelectMany(token => layer.Single.Decode(weights, token, cache))];
        if (layer.Oracle.Latent is null)
        {
            Assert.Equal(whole, steps);
            return;
        }

        // Single tokens go another way to the same function, through sums over latents.
        Check(file, Wide(whole), steps, layer.Oracle.Dim, factor: 1);
    }

    private static float[] Narrow(double[] numbers) => [.. numbers.Select(number => (float)number)];

    private static double[] Wide(float[] numbers) => [.. numbers.Select(number => (double)number)];

    private void Check(string what, double[] expected, float[] actual, int longest, double factor) =>
        Check(what, expected, actual, factor * Tolerances.SingleLayer(longest, expected.Max(Math.Abs)));

    private void Check(string what, double[] expected, float[] actual, double limit)
    {
        output.WriteLine(FormattableString.Invariant($"{what}: largest difference {Numbers.Difference(expected, Wide(actual)):E1}, limit {limit:E1}"));
        Numbers.Close(expected, Wide(actual), limit, what);
    }
}
