using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Cpu;
using AttnDsl.Conformance.Tests.Goldens;
using AttnDsl.Conformance.Tests.Layers;
using TorchSharp;
using TorchSharp.Modules;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Tests;

/// <summary>Modules of layers that select values: they compute what the reference does on every path they have, and evaluate only.</summary>
[KeepsTensors]
public sealed class SelectedTests(ITestOutputHelper output)
{
    [Fact]
    public void The_recorded_output_is_met_on_every_path()
    {
        using Golden? golden = Golden.Open(GoldenCases.Selective, output);
        if (golden is null)
        {
            return;
        }

        using (var wide = new TorchLayer(golden.Layer, ScalarType.Float64, CorePath.Torch))
        {
            Numbers.Close(golden["out"], wide.Forward(golden.Weights(), golden["x"], golden.Rows()), Tolerances.Golden, "out");
        }

        (AttentionWeights<double> weights, AttentionWeights<float> narrow) = SingleCases.Rounded(golden.Layer, golden.Weights());
        float[] x = SingleCases.Narrow(golden["x"]);
        double[] expected = golden.Layer.Reference.Forward(weights, SingleCases.Wide(x), golden.Rows());
        float[] plain = golden.Layer.Single.Forward(narrow, x, golden.Rows());
        foreach (CorePath path in new[] { CorePath.Torch, CorePath.Fused })
        {
            using var module = new TorchLayer(golden.Layer, ScalarType.Float32, path);
            SingleRule.Check($"{path}, out", expected, plain, SingleCases.Narrow(module.Forward(weights, SingleCases.Wide(x), golden.Rows())), report: output.WriteLine);
            foreach (int chunk in new[] { 24, 1, 7 })
            {
                SingleRule.Check($"{path}, chunks of {chunk}", expected, plain, SingleCases.Narrow(module.InChunks(weights, SingleCases.Wide(x), 1, chunk)), report: output.WriteLine);
                SingleRule.Check(
                    $"{path}, own cache, chunks of {chunk}", expected, plain, SingleCases.Narrow(module.InChunks(weights, SingleCases.Wide(x), 1, chunk, TorchLayer.MakeCache(golden.Layer.Name, 1))), report: output.WriteLine);
            }
        }
    }

    [Theory]
    [MemberData(nameof(SelectedCases.Names), MemberType = typeof(SelectedCases))]
    public void In_double_precision_plain_operations_are_the_oracles(string name)
    {
        TestLayer layer = SelectedCases.Of(name);
        using var module = new TorchLayer(layer, ScalarType.Float64, CorePath.Torch);
        AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 70);
        double gap = double.PositiveInfinity;
        double[] x = Numbers.Random(71, 2 * 23 * layer.Oracle.Dim);
        double[] expected = (layer.Oracle with { Gaps = found => gap = Math.Min(gap, found) }).Forward(weights, x, Block.Uniform(2, 23));
        Assert.True(gap > 1e-10, "a choice hangs on a rounding");
        Numbers.Close(expected, module.Forward(weights, x, TokenRows.Uniform(2, 23)), 1e-10 * Math.Max(1, expected.Max(Math.Abs)), name);
        if (layer.Reference.IsCached && name is not (nameof(SelectedRing) or nameof(SelectedCodes)))
        {
            foreach (int chunk in new[] { 23, 1, 5 })
            {
                Numbers.Close(expected, module.InChunks(weights, x, 2, chunk), 1e-10 * Math.Max(1, expected.Max(Math.Abs)), $"{name}, chunks of {chunk}");
            }
        }
    }

    [Fact]
    public void Auto_takes_kernels_or_plain_operations_and_Sdpa_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using AttentionModule single = TorchLayer.Make(nameof(DiffSelective), ScalarType.Float32);
        using AttentionModule wide = TorchLayer.Make(nameof(DiffSelective), ScalarType.Float64);
        single.forward(randn(1, 6, 40));
        Assert.Equal(CorePath.Fused, single.LastCore!.Path);
        wide.forward(randn([1, 6, 40], ScalarType.Float64));
        Assert.Equal(CorePath.Torch, wide.LastCore!.Path);
        Assert.Contains("not Sdpa: it weighs all values, this layer the 5 with the largest weights", wide.LastCore.Reason, StringComparison.Ordinal);
        Assert.Contains("it weighs all values", Assert.Throws<InvalidOperationException>(() => single.Core = CorePath.Sdpa).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_module_evaluates_only()
    {
        using DisposeScope scope = NewDisposeScope();
        using AttentionModule module = TorchLayer.Make(nameof(DiffSelective), ScalarType.Float32);
        string reason = module.Shape.NoGradient!;
        Assert.False(module.training);
        Assert.All(module.named_parameters(), parameter => Assert.False(parameter.parameter.requires_grad));
        module.eval();
        Assert.Equal("the layer cannot be trained: " + reason, Assert.Throws<NotSupportedException>(() => module.train()).Message);
        Assert.Equal("the layer cannot be trained: " + reason, Assert.Throws<NotSupportedException>(() => nn.Sequential(module).train()).Message);

        string wanted = "the layer has no gradient, and one is wanted (requires_grad): " + reason;
        Tensor x = randn(1, 6, 40);
        foreach (CorePath path in new[] { CorePath.Auto, CorePath.Torch, CorePath.Fused })
        {
            module.Core = path;
            Assert.Equal(wanted, Assert.Throws<NotSupportedException>(() => module.forward(x.detach().clone().requires_grad_())).Message);
            Assert.Equal(wanted, Assert.Throws<NotSupportedException>(() => module.Attend(randn(1, 3, 8, 8).requires_grad_(), randn(1, 3, 2, 8), randn(1, 3, 4, 8))).Message);
            using (no_grad())
            {
                Assert.False(module.forward(x.detach().clone().requires_grad_()).requires_grad);
            }

            Assert.False(module.forward(x).requires_grad);
        }

        module.get_parameter("q_proj.weight")!.requires_grad = true;
        Assert.Equal(wanted, Assert.Throws<NotSupportedException>(() => module.forward(x)).Message);
    }

    /// <summary>Equal probabilities: the earlier keys stay, whatever topk would choose.</summary>
    [Fact]
    public void Of_equal_probabilities_the_earlier_stay()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor p = tensor(new[] { 0.1f, 0.2f, 0.1f, 0.2f, 0.1f, 0.1f, 0.2f, 0f }).reshape(1, 1, 1, 8);
        foreach ((int keep, float[] expected) in new (int, float[])[]
        {
            (1, [0, 0.2f, 0, 0, 0, 0, 0, 0]),
            (2, [0, 0.2f, 0, 0.2f, 0, 0, 0, 0]),
            (4, [0.1f, 0.2f, 0, 0.2f, 0, 0, 0.2f, 0]),
            (6, [0.1f, 0.2f, 0.1f, 0.2f, 0.1f, 0, 0.2f, 0]),
            (7, [0.1f, 0.2f, 0.1f, 0.2f, 0.1f, 0.1f, 0.2f, 0]),
            (8, [0.1f, 0.2f, 0.1f, 0.2f, 0.1f, 0.1f, 0.2f, 0]),
            (99, [0.1f, 0.2f, 0.1f, 0.2f, 0.1f, 0.1f, 0.2f, 0]),
        })
        {
            Assert.Equal(expected, Opened.Choose(p, keep).data<float>().ToArray());
        }

        Assert.All(Opened.Choose(full(1, 1, 1, 4, float.NaN), 2).data<float>().ToArray(), value => Assert.True(float.IsNaN(value)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Opened.Choose(p, 0));
    }

    private abstract class Opened : AttentionModule
    {
        protected Opened(LayerShape shape)
            : base("Opened", shape)
        {
        }

        public static Tensor Choose(Tensor p, long keep) => Largest(p, keep);
    }
}
