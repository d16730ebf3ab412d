using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Tests;

/// <summary>Which path a call takes is never a surprise.</summary>
[KeepsTensors]
public sealed class CorePathTests
{
    [Fact]
    public void Auto_takes_the_kernels_then_Sdpa_then_plain_operations_and_says_why()
    {
        using DisposeScope scope = NewDisposeScope();
        using AttentionModule single = TorchLayer.Make(nameof(Plain), ScalarType.Float32);
        using AttentionModule wide = TorchLayer.Make(nameof(Plain), ScalarType.Float64);
        using AttentionModule capped = TorchLayer.Make(nameof(Capped), ScalarType.Float64);
        Assert.Null(single.LastCore);
        Assert.Equal(CorePath.Auto, single.Core);
        foreach ((AttentionModule module, CorePath path, string reason) in new[]
        {
            (single, CorePath.Fused, "contiguous float32 on the CPU"),
            (wide, CorePath.Sdpa, "not Fused: the kernels compute in Float32, the tensors are Float64"),
            (capped, CorePath.Torch, "not Fused: the kernels compute in Float32, the tensors are Float64; not Sdpa: it changes no scores"),
        })
        {
            Tensor x = randn([1, 3, module.Shape.Dim], module.Dtype);
            CoreChoice choice = module.ChooseCore(x);
            Assert.Equal(path, choice.Path);
            Assert.StartsWith(reason, choice.Reason, StringComparison.Ordinal);
            module.forward(x);
            Assert.Equal(choice, module.LastCore);
        }
    }

    [Fact]
    public void A_path_that_is_named_is_taken_or_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using AttentionModule wide = TorchLayer.Make(nameof(Plain), ScalarType.Float64);
        Tensor x = randn([1, 3, 12], ScalarType.Float64);
        wide.Core = CorePath.Fused;
        string message = Assert.Throws<InvalidOperationException>(() => wide.forward(x)).Message;
        Assert.Equal("CorePath.Fused cannot run here: the kernels compute in Float32, the tensors are Float64. CorePath.Torch runs on any tensors, and CorePath.Auto chooses.", message);
        Assert.Equal(message, Assert.Throws<InvalidOperationException>(() => wide.ChooseCore(x)).Message);
        wide.Core = CorePath.Torch;
        wide.forward(x);
        Assert.Equal(new CoreChoice(CorePath.Torch, "asked for"), wide.LastCore);

        using AttentionModule sink = TorchLayer.Make(nameof(AlibiSink), ScalarType.Float32);
        Assert.Contains("learned logits", Assert.Throws<InvalidOperationException>(() => sink.Core = CorePath.Sdpa).Message, StringComparison.Ordinal);
        using AttentionModule capped = TorchLayer.Make(nameof(Capped), ScalarType.Float32);
        Assert.Contains("tanh", Assert.Throws<InvalidOperationException>(() => capped.Core = CorePath.Sdpa).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => capped.Core = (CorePath)9);
        Assert.Equal(CorePath.Auto, capped.Core);
    }

    [Fact]
    public void Sdpa_is_offered_where_it_is_exact_and_nowhere_else() => Assert.Equal(
        [nameof(AlibiBothSides), nameof(AlibiSink), nameof(Capped), nameof(CompressedParts), nameof(Convolved), nameof(Differential), nameof(Everything), nameof(Reversed), nameof(SegmentedBothSides), nameof(Shifted), nameof(TiedEverything), nameof(TopLeft)],
        CoveringCases.All.Where(layer => !TorchLayer.HasSdpa(layer)).Select(layer => layer.Name).Order(StringComparer.Ordinal));

    [Fact]
    public void Inputs_that_do_not_fit_are_refused_by_name()
    {
        using DisposeScope scope = NewDisposeScope();
        using AttentionModule module = TorchLayer.Make(nameof(Segmented), ScalarType.Float32);
        const string Expected = "x: expected Float32 [B, T, 8] on cpu, with at least one row and one token, as the parameters are, got ";
        foreach ((Tensor x, string got) in new[]
        {
            (zeros(2, 3, 9), "Float32 [2, 3, 9] on cpu"),
            (zeros(3, 8), "Float32 [3, 8] on cpu"),
            (zeros(0, 3, 8), "Float32 [0, 3, 8] on cpu"),
            (zeros(1, 0, 8), "Float32 [1, 0, 8] on cpu"),
            (zeros([2, 3, 8], ScalarType.Float64), "Float64 [2, 3, 8] on cpu"),
        })
        {
            Assert.StartsWith(Expected + got, Assert.Throws<ArgumentException>(() => module.forward(x)).Message, StringComparison.Ordinal);
        }

        Assert.Throws<ArgumentNullException>(() => module.forward(null!));
        Assert.Contains("expected 2 rows of 3 tokens as in x", Assert.Throws<ArgumentException>(() => module.forward(zeros(2, 3, 8), TokenRows.Uniform(2, 4))).Message, StringComparison.Ordinal);
        Assert.Contains("block of new tokens", Assert.Throws<ArgumentException>(() => module.forward(zeros(2, 3, 8), TokenRows.Core(2, 3, 5))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Training_and_evaluation_compute_the_same_and_the_flag_is_kept()
    {
        using DisposeScope scope = NewDisposeScope();
        using AttentionModule module = TorchLayer.Make(nameof(Everything), ScalarType.Float32);
        Tensor x = randn(1, 4, 12);
        Assert.True(module.training);
        double[] y = TorchLayer.Numbers(module.forward(x));
        module.eval();
        Assert.False(module.training);
        Assert.All(module.children(), child => Assert.False(child.training));
        Assert.Equal(y, TorchLayer.Numbers(module.call(x)));
        module.train();
        Assert.True(module.training);
    }

    [Theory]
    [InlineData(ScalarType.BFloat16, 0.05)]
    [InlineData(ScalarType.Float16, 0.01)]
    public void Half_precision_runs_on_both_torch_paths(ScalarType dtype, double limit)
    {
        foreach (TestLayer layer in CoveringCases.All)
        {
            // Not the initial weights: with those some vectors are shorter than the type's epsilon, below which dividing by a length means something else in every type.
            AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 5);
            double[] x = Numbers.Random(81, 2 * 6 * layer.Reference.Shape.Dim);
            double[] expected = layer.Reference.Forward(weights, x, TokenRows.Uniform(2, 6));
            double size = expected.Max(Math.Abs);
            foreach (CorePath path in TorchLayer.Paths(layer, dtype))
            {
                using var module = new TorchLayer(layer, dtype, path);
                Numbers.Close(expected, module.Forward(weights, x, TokenRows.Uniform(2, 6)), limit * size, $"{layer.Name}, {path}");
            }
        }
    }

    /// <summary>Scores of 1e5 have no half-precision number; the core computes in float32.</summary>
    [Fact]
    public void Half_precision_does_not_overflow_in_the_scores()
    {
        using DisposeScope scope = NewDisposeScope();
        using AttentionModule module = TorchLayer.Make(nameof(Plain), ScalarType.Float16);
        module.Core = CorePath.Torch;
        Tensor q = full([1, 4, 3, 4], 200, ScalarType.Float16);
        Tensor v = arange(0, 48, ScalarType.Float16).view(1, 4, 3, 4);
        Tensor o = module.Attend(q, q, v);
        Assert.Equal(ScalarType.Float16, o.dtype);
        Assert.True(o.isfinite().all().ToBoolean());
    }

    [Fact]
    public void Moved_to_another_type_the_module_is_as_exact_as_one_made_in_it()
    {
        using DisposeScope scope = NewDisposeScope();
        TestLayer layer = CoveringCases.Of(nameof(Everything));
        using AttentionModule module = TorchLayer.Make(layer.Name, ScalarType.Float32, seed: 7);
        AttentionWeights<double> weights = layer.Reference.Zeros();
        module.CopyTo(weights);
        module.to(ScalarType.Float64);
        Assert.Equal(ScalarType.Float64, module.Dtype);
        Assert.Equal(weights.Tensors.Select(tensor => tensor.Name), module.named_parameters().Select(parameter => parameter.name));
        Assert.All(module.parameters(), parameter => Assert.Equal(ScalarType.Float64, parameter.dtype));
        double[] x = Numbers.Random(82, 300 * 12);
        Numbers.Close(layer.Reference.Forward(weights, x, TokenRows.Uniform(1, 300)), TorchLayer.Numbers(module.forward(tensor(x).reshape(1, 300, 12))), Tolerances.SameMaths, "after to(float64)");
        module.to(ScalarType.Float32);
        module.forward(tensor(x).reshape(1, 300, 12).to(ScalarType.Float32)).sum().backward();
        Assert.All(module.parameters(), parameter => Assert.NotNull(parameter.grad));
    }
}
