using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Goldens;

/// <summary>Whole layers against what the papers' own code computed.</summary>
[Collection(GoldenTests.Name)]
public sealed class GoldenLayerTests(ITestOutputHelper output)
{
    [Theory]
    [MemberData(nameof(GoldenCases.LayerFiles), MemberType = typeof(GoldenCases))]
    [MemberData(nameof(GoldenCases.EvaluatedFiles), MemberType = typeof(GoldenCases))]
    public void The_output_is_the_recorded_one(string file)
    {
        using Golden? golden = Golden.Open(file, output);
        if (golden is not null)
        {
            Check("out", golden["out"], golden.Reference.Forward(golden.Weights(), golden["x"], golden.Rows()));
        }
    }

    [Theory]
    [MemberData(nameof(GoldenCases.LayerFiles), MemberType = typeof(GoldenCases))]
    public void The_gradients_of_x_and_of_every_weight_are_the_recorded_ones(string file)
    {
        using Golden? golden = Golden.Open(file, output);
        if (golden is null)
        {
            return;
        }

        AttentionWeights<double> gradients = golden.Reference.Zeros();
        double[] dx = golden.Reference.Backward(golden.Weights(), golden["x"], golden["g"], gradients, golden.Rows());
        Check("grad.x", golden["grad.x"], dx);
        foreach ((string weight, double[] gradient) in golden.Gradients())
        {
            Check("grad." + weight, gradient, gradients[weight].Data);
        }
    }

    [Theory]
    [MemberData(nameof(GoldenCases.LayerFiles), MemberType = typeof(GoldenCases))]
    [MemberData(nameof(GoldenCases.EvaluatedFiles), MemberType = typeof(GoldenCases))]
    public void The_hand_written_oracle_gives_the_recorded_output_too(string file)
    {
        using Golden? golden = Golden.Open(file, output);
        if (golden is not null)
        {
            int[] shape = golden.Shape("x");
            Check("oracle", golden["out"], golden.Layer.Oracle.Forward(golden.Weights(), golden["x"], Block.Uniform(shape[0], shape[1])));
        }
    }

    /// <summary>The recording has the probabilities that are left, of every head and query over every key.</summary>
    [Fact]
    public void The_probabilities_that_are_kept_are_the_recorded_ones()
    {
        using Golden? golden = Golden.Open(GoldenCases.Selective, output);
        if (golden is null)
        {
            return;
        }

        // Values that are unit vectors, one key in each of them, make the core return its probabilities: 8 channels show 8 of the 24 keys.
        AttentionWeights<double> weights = golden.Weights();
        ReferenceCache<double> cache = golden.Reference.CreateCache(1);
        golden.Reference.Prefill(weights, golden["x"], cache, golden.Rows());
        double[] q = [.. golden["x"].Chunk(40).SelectMany((token, t) => Turned(weights["q_proj.weight"].Data, token, t))];
        double[] kept = golden["attn_kept"];
        for (int first = 0; first < 24; first += 8)
        {
            double[] v = new double[24 * 4 * 8];
            for (int key = first; key < first + 8; key++)
            {
                for (int head = 0; head < 4; head++)
                {
                    v[(((key * 4) + head) * 8) + key - first] = 1;
                }
            }

            double[] p = golden.Reference.Core(weights, q, cache.Read(0), v, TokenRows.Core(1, 24, 24)).Output;
            double[] expected = [.. from t in Enumerable.Range(0, 24) from h in Enumerable.Range(0, 8) from c in Enumerable.Range(0, 8) select kept[(((h * 24) + t) * 24) + first + c]];
            Check("attn_kept", expected, p);
        }

        Assert.All(kept.Chunk(24), (row, i) => Assert.Equal(Math.Min(5, (i % 24) + 1), row.Count(p => p > 0)));

        double[] Turned(double[] wq, double[] token, int t)
        {
            double[] all = [.. wq.Chunk(40).Select(row => row.Zip(token, (a, b) => a * b).Sum())];
            return [.. all.Chunk(8).SelectMany(head => golden.Layer.Oracle.Rotation!.Turn(head, t))];
        }
    }

    private void Check(string what, double[] recorded, double[] actual)
    {
        output.WriteLine(FormattableString.Invariant($"{what}: largest difference {Numbers.Difference(recorded, actual):E1}, limit {Tolerances.Golden:E0}"));
        Numbers.Close(recorded, actual, Tolerances.Golden, what);
    }
}
