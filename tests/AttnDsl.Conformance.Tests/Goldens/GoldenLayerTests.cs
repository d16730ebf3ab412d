using System;
using AttnDsl.Conformance.Tests.Layers;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Goldens;

/// <summary>Whole layers against what the papers' own code computed.</summary>
[Collection(GoldenTests.Name)]
public sealed class GoldenLayerTests(ITestOutputHelper output)
{
    [Theory]
    [MemberData(nameof(GoldenCases.LayerFiles), MemberType = typeof(GoldenCases))]
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
    public void The_hand_written_oracle_gives_the_recorded_output_too(string file)
    {
        using Golden? golden = Golden.Open(file, output);
        if (golden is not null)
        {
            int[] shape = golden.Shape("x");
            Check("oracle", golden["out"], golden.Layer.Oracle.Forward(golden.Weights(), golden["x"], Block.Uniform(shape[0], shape[1])));
        }
    }

    private void Check(string what, double[] recorded, double[] actual)
    {
        output.WriteLine(FormattableString.Invariant($"{what}: largest difference {Numbers.Difference(recorded, actual):E1}, limit {Tolerances.Golden:E0}"));
        Numbers.Close(recorded, actual, Tolerances.Golden, what);
    }
}
