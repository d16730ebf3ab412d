using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;
using TorchSharp;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Tests;

/// <summary>Gradients of the reference and of the float64 module against central differences, in random directions through every parameter; and gradients of gradients.</summary>
[KeepsTensors]
public sealed class GradientTests(ITestOutputHelper output)
{
    private const double RelativeStep = 1e-6;
    private const double Relative = 1e-5;
    private const double Absolute = 1e-7;
    private const int Directions = 8;
    private const int Tokens = 5;

    [Theory]
    [MemberData(nameof(CoveringCases.Names), MemberType = typeof(CoveringCases))]
    public void The_reference_and_the_module_agree_with_central_differences_in_every_parameter(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        TokenRows rows = TokenRows.Uniform(1, Tokens);
        AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 91);
        double[] x = Numbers.Random(92, Tokens * layer.Reference.Shape.Dim);
        double[] g = Numbers.Random(93, x.Length);

        AttentionWeights<double> gradients = layer.Reference.Zeros();
        double[] dx = layer.Reference.Backward(weights, x, g, gradients, rows);
        double worst = Check("reference", () => Dot(layer.Reference.Forward(weights, x, rows), g), [("x", x, dx), .. Pairs(weights, gradients)]);

        foreach (CorePath path in TorchLayer.Paths(layer, ScalarType.Float64))
        {
            using var module = new TorchLayer(layer, ScalarType.Float64, path);
            (dx, gradients) = module.Backward(weights, x, g, rows);
            worst = Math.Max(worst, Check($"{path}", () => Dot(module.Forward(weights, x, rows), g), [("x", x, dx), .. Pairs(weights, gradients)]));
        }

        output.WriteLine(FormattableString.Invariant($"{name}: largest distance from a central difference {worst:E1}"));
    }

    /// <summary>The gradient's own derivative along a direction, by autograd through autograd, against a central difference of gradients.</summary>
    [Theory]
    [MemberData(nameof(CoveringCases.Names), MemberType = typeof(CoveringCases))]
    public void Plain_operations_can_be_differentiated_twice(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        using var module = new TorchLayer(layer, ScalarType.Float64, CorePath.Torch);
        CheckTwice(module, step: 1e-5, limit: 1e-6);
    }

    /// <summary>Kernels have no second derivative. libtorch calls their backward from native code, through which no exception can pass, so a gradient that is to be differentiated again is made by plain operations, and said so.</summary>
    [Theory]
    [InlineData(nameof(Plain))]
    [InlineData(nameof(AlibiSink))]
    [InlineData(nameof(Everything))]
    public void A_gradient_that_is_to_be_differentiated_again_leaves_the_kernels_and_says_so(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        using var fused = new TorchLayer(layer, ScalarType.Float32, CorePath.Fused);
        using var plain = new TorchLayer(layer, ScalarType.Float32, CorePath.Torch);
        (double[] first, double[] second) = Twice(fused, Numbers.Random(94, Tokens * layer.Reference.Shape.Dim));
        Assert.Equal(CorePath.Fused, fused.Module.LastCore!.Path);
        (double[] expectedFirst, double[] expectedSecond) = Twice(plain, Numbers.Random(94, Tokens * layer.Reference.Shape.Dim));
        Numbers.Close(expectedFirst, first, 1e-4 * (1 + expectedFirst.Max(Math.Abs)), "first");
        Numbers.Close(expectedSecond, second, 1e-4 * (1 + expectedSecond.Max(Math.Abs)), "second");

        using DisposeScope scope = NewDisposeScope();
        Tensor input = fused.Tokens(Numbers.Random(95, Tokens * layer.Reference.Shape.Dim), TokenRows.Uniform(1, Tokens)).requires_grad_();
        autograd.grad([Loss(fused, input)], [input]);
        Assert.Equal(new CoreChoice(CorePath.Fused, "kernels"), fused.Module.LastGradient);
        autograd.grad([Loss(fused, input)], [input], retain_graph: true, create_graph: true);
        Assert.Equal(CorePath.Torch, fused.Module.LastGradient!.Path);
        Assert.Contains("create_graph", fused.Module.LastGradient.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Gradients_add_up_and_parts_may_be_frozen()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (CorePath path in new[] { CorePath.Torch, CorePath.Sdpa, CorePath.Fused })
        {
            using var module = new TorchLayer(CoveringCases.Of(nameof(Interleaved)), ScalarType.Float32, path);
            Tensor x = randn(1, 6, 16);
            module.Module.get_parameter("k_proj.weight")!.requires_grad = false;
            module.Module.forward(x).sum().backward();
            double[] once = TorchLayer.Numbers(module.Module.get_parameter("q_proj.weight")!.grad!);
            module.Module.forward(x).sum().backward();
            Numbers.Close([.. once.Select(number => 2 * number)], TorchLayer.Numbers(module.Module.get_parameter("q_proj.weight")!.grad!), 1e-5, $"{path}");
            Assert.Null(module.Module.get_parameter("k_proj.weight")!.grad);
        }
    }

    private static void CheckTwice(TorchLayer module, double step, double limit)
    {
        double[] x = Numbers.Random(94, Tokens * module.Module.Shape.Dim);
        double[] direction = Numbers.Random(96, x.Length);
        double[] Gradient(double t) => Twice(module, [.. x.Select((value, i) => value + (t * direction[i]))]).First;
        double[] expected = [.. Gradient(step).Zip(Gradient(-step), (up, down) => (up - down) / (2 * step))];

        // The second derivative is symmetric: its product with the direction is the gradient of <gradient, direction>.
        using DisposeScope scope = NewDisposeScope();
        Tensor input = module.Tokens(x, TokenRows.Uniform(1, Tokens)).requires_grad_();
        Tensor first = autograd.grad([Loss(module, input)], [input], retain_graph: true, create_graph: true)[0];
        Tensor second = autograd.grad([(first * module.Tokens(direction, TokenRows.Uniform(1, Tokens))).sum()], [input])[0];
        Numbers.Close(expected, TorchLayer.Numbers(second), limit * (1 + expected.Max(Math.Abs)), "second derivative");
    }

    private static (double[] First, double[] Second) Twice(TorchLayer module, double[] x)
    {
        using DisposeScope scope = NewDisposeScope();
        module.Module.CopyFrom(Numbers.RandomWeights(module.Layer.Reference, seed: 97));
        Tensor input = module.Tokens(x, TokenRows.Uniform(1, Tokens)).requires_grad_();
        Tensor first = autograd.grad([Loss(module, input)], [input], retain_graph: true, create_graph: true)[0];
        Tensor second = autograd.grad([(first * first).sum()], [input])[0];
        return (TorchLayer.Numbers(first), TorchLayer.Numbers(second));
    }

    // Not linear in the output, so that second derivatives through it do not vanish.
    private static Tensor Loss(TorchLayer module, Tensor input)
    {
        Tensor y = module.Module.forward(input);
        return (y * y).sum();
    }

    private static IEnumerable<(string Name, double[] Values, double[] Gradient)> Pairs(AttentionWeights<double> weights, AttentionWeights<double> gradients) =>
        weights.Tensors.Select(tensor => (tensor.Name, tensor.Data, gradients[tensor.Name].Data));

    private static double Check(string what, Func<double> loss, IEnumerable<(string Name, double[] Values, double[] Gradient)> parameters)
    {
        double worst = 0;
        foreach ((string name, double[] values, double[] gradient) in parameters)
        {
            double[] original = [.. values];
            double step = RelativeStep * Math.Max(1, original.Max(Math.Abs));
            for (int k = 0; k < Directions; k++)
            {
                double[] direction = Numbers.Random(200 + k, values.Length);
                double At(double t)
                {
                    for (int i = 0; i < values.Length; i++)
                    {
                        values[i] = original[i] + (t * direction[i]);
                    }

                    return loss();
                }

                double difference = (At(step) - At(-step)) / (2 * step);
                double slope = Dot(gradient, direction);
                double error = Math.Abs(difference - slope);
                Assert.True(
                    error <= Absolute + (Relative * Math.Abs(difference)),
                    FormattableString.Invariant($"{what}, {name}, direction {k}: gradient {slope:R}, difference {difference:R}, apart by {error:E2}"));
                worst = Math.Max(worst, error);
            }

            original.CopyTo(values, 0);
        }

        return worst;
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
