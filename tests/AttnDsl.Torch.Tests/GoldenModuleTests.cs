using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Goldens;
using AttnDsl.Conformance.Tests.Layers;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Tests;

/// <summary>Modules against what the papers' own code computed: in float64 within 1e-9, in float32 by the rule of single precision, on every path.</summary>
[Collection(GoldenTests.Name)]
[KeepsTensors]
public sealed class GoldenModuleTests(ITestOutputHelper output)
{
    [Theory]
    [MemberData(nameof(GoldenCases.LayerFiles), MemberType = typeof(GoldenCases))]
    public void In_double_precision_output_and_gradients_are_the_recorded_ones(string file)
    {
        using Golden? golden = Golden.Open(file, output);
        if (golden is null)
        {
            return;
        }

        foreach (CorePath path in TorchLayer.Paths(golden.Layer, ScalarType.Float64))
        {
            using var module = new TorchLayer(golden.Layer, ScalarType.Float64, path);
            Close($"{path}, out", golden["out"], module.Forward(golden.Weights(), golden["x"], golden.Rows()));
            Assert.Equal(path, module.Module.LastCore!.Path);
            (double[] dx, AttentionWeights<double> gradients) = module.Backward(golden.Weights(), golden["x"], golden["g"], golden.Rows());
            Close($"{path}, grad.x", golden["grad.x"], dx);
            foreach ((string weight, double[] gradient) in golden.Gradients())
            {
                Close($"{path}, grad.{weight}", gradient, gradients[weight].Data);
            }
        }
    }

    [Fact]
    public void In_double_precision_the_recorded_core_is_met()
    {
        using Golden? golden = Golden.Open(GoldenCases.Core, output);
        if (golden is null)
        {
            return;
        }

        using var module = new TorchLayer(golden.Layer, ScalarType.Float64, CorePath.Torch);
        AttentionWeights<double> weights = golden.Reference.Zeros();
        TokenRows rows = Rows(golden);
        CoreResult<double> result = module.Core(weights, golden["q"], golden["k"], golden["v"], rows);
        Close("out", golden["out"], result.Output);
        Close("lse", golden.Reference.Core(weights, golden["q"], golden["k"], golden["v"], rows).Lse, result.Lse);
        (CoreGradients<double> gradients, _) = module.CoreBackward(weights, golden["q"], golden["k"], golden["v"], golden["g"], rows);
        Close("grad.q", golden["grad.q"], gradients.Query);
        Close("grad.k", golden["grad.k"], gradients.Key);
        Close("grad.v", golden["grad.v"], gradients.Value);
    }

    [Theory]
    [MemberData(nameof(GoldenCases.LayerFiles), MemberType = typeof(GoldenCases))]
    public void In_single_precision_every_path_stays_within_the_rule(string file)
    {
        using Golden? golden = Golden.Open(file, output);
        if (golden is not null)
        {
            SingleCases.Layer(golden.Layer, golden.Weights(), golden["x"], golden["g"], golden.Rows(), output.WriteLine);
        }
    }

    [Fact]
    public void In_single_precision_the_core_stays_within_the_rule()
    {
        using Golden? golden = Golden.Open(GoldenCases.Core, output);
        if (golden is not null)
        {
            SingleCases.Core(golden.Layer, Rows(golden), golden["q"], golden["k"], golden["v"], output.WriteLine);
        }
    }

    [Theory]
    [MemberData(nameof(GoldenCases.CachedFiles), MemberType = typeof(GoldenCases))]
    public void At_once_in_chunks_and_token_by_token_the_output_is_the_recorded_one(string file)
    {
        using Golden? golden = Golden.Open(file, output);
        if (golden is null)
        {
            return;
        }

        foreach (CorePath path in TorchLayer.Paths(golden.Layer, ScalarType.Float64))
        {
            using var module = new TorchLayer(golden.Layer, ScalarType.Float64, path);
            foreach (int chunk in new[] { golden.Shape("x")[1], 1, 3, 7 })
            {
                Close(FormattableString.Invariant($"{path}, chunks of {chunk}"), golden["out"], module.InChunks(golden.Weights(), golden["x"], golden.Shape("x")[0], chunk));
            }
        }
    }

    private static TokenRows Rows(Golden golden) => TokenRows.Core(golden.Shape("q")[0], golden.Shape("q")[1], golden.Shape("k")[1]);

    private void Close(string what, double[] recorded, double[] actual)
    {
        output.WriteLine(FormattableString.Invariant($"{what}: largest difference {Numbers.Difference(recorded, actual):E1}, limit {Tolerances.Golden:E0}"));
        Numbers.Close(recorded, actual, Tolerances.Golden, what);
    }
}
