using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Goldens;

/// <summary>The recorded attention core: 12 queries over 19 keys.</summary>
[Collection(GoldenTests.Name)]
public sealed class GoldenCoreTests(ITestOutputHelper output)
{
    [Fact]
    public void The_output_and_the_gradients_are_the_recorded_ones()
    {
        using Golden? golden = Golden.Open(GoldenCases.Core, output);
        if (golden is null)
        {
            return;
        }

        AttentionWeights<double> weights = golden.Reference.Zeros();
        TokenRows rows = Rows(golden);
        Check("out", golden["out"], golden.Reference.Core(weights, golden["q"], golden["k"], golden["v"], rows).Output);
        CoreGradients<double> gradients = golden.Reference.CoreBackward(weights, golden["q"], golden["k"], golden["v"], golden["g"], golden.Reference.Zeros(), rows);
        Check("grad.q", golden["grad.q"], gradients.Query);
        Check("grad.k", golden["grad.k"], gradients.Key);
        Check("grad.v", golden["grad.v"], gradients.Value);
    }

    /// <summary>Values that are unit vectors make the output show the probabilities, as many keys at a time as a value has channels.</summary>
    [Fact]
    public void The_probabilities_are_the_recorded_ones()
    {
        using Golden? golden = Golden.Open(GoldenCases.Core, output);
        if (golden is null)
        {
            return;
        }

        LayerShape shape = golden.Reference.Shape;
        (int batch, int queries, int keys) = (golden.Shape("q")[0], golden.Shape("q")[1], golden.Shape("k")[1]);
        var probabilities = new double[shape.ScoreHeads * queries * keys];
        for (int first = 0; first < keys; first += shape.ValueWidth)
        {
            double[] value = new double[batch * keys * shape.ValueHeads * shape.ValueWidth];
            for (int vector = 0; vector < value.Length / shape.ValueWidth; vector++)
            {
                int channel = (vector / shape.ValueHeads % keys) - first;
                if (channel >= 0 && channel < shape.ValueWidth)
                {
                    value[(vector * shape.ValueWidth) + channel] = 1;
                }
            }

            double[] shown = golden.Reference.Core(golden.Reference.Zeros(), golden["q"], golden["k"], value, Rows(golden)).Output;
            for (int i = 0; i < probabilities.Length; i++)
            {
                (int head, int query, int channel) = (i / keys / queries, i / keys % queries, (i % keys) - first);
                if (channel >= 0 && channel < shape.ValueWidth)
                {
                    probabilities[i] = shown[(((query * shape.ScoreHeads) + head) * shape.ValueWidth) + channel];
                }
            }
        }

        Check("attn", golden["attn"], probabilities);
    }

    private static TokenRows Rows(Golden golden) => TokenRows.Core(golden.Shape("q")[0], golden.Shape("q")[1], golden.Shape("k")[1]);

    private void Check(string what, double[] recorded, double[] actual)
    {
        output.WriteLine(FormattableString.Invariant($"{what}: largest difference {Numbers.Difference(recorded, actual):E1}, limit {Tolerances.Golden:E0}"));
        Numbers.Close(recorded, actual, Tolerances.Golden, what);
    }
}
