using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Cpu;
using AttnDsl.Conformance.Tests.Layers;
using TorchSharp;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Tests;

/// <summary>The attention core at its edges, forward and backward, on every path: queries without keys, lengths that fit nothing, hidden places that are no numbers, scores of any size.</summary>
[KeepsTensors]
public sealed class CoreTests(ITestOutputHelper output)
{
    [Theory]
    [MemberData(nameof(CoveringCases.Names), MemberType = typeof(CoveringCases))]
    public void In_double_precision_more_keys_and_more_queries_agree_with_the_oracle(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 11);
        foreach (CorePath path in TorchLayer.Paths(layer, ScalarType.Float64))
        {
            using var module = new TorchLayer(layer, ScalarType.Float64, path);
            foreach ((int queries, int keys) in new[] { (1, 1), (3, 5), (5, 3), (1, 17), (6, 6) })
            {
                CoreCase core = CoreCase.Random(layer, 2, queries, keys, seed: 12);
                (double[] o, double[] lse) = core.Expected(weights);
                CoreResult<double> actual = module.Core(weights, core.Query, core.Key, core.Value, core.Rows);
                string what = FormattableString.Invariant($"{path}, {queries} over {keys}");
                Numbers.Close(o, actual.Output, Tolerances.SameMaths, what);
                Numbers.Close(lse, actual.Lse, Tolerances.SameMaths, what + ", lse");
                double[] g = Numbers.Random(13, o.Length);
                AttentionWeights<double> expectedWeights = layer.Reference.Zeros();
                CoreGradients<double> expected = layer.Reference.CoreBackward(weights, core.Query, core.Key, core.Value, g, expectedWeights, core.Rows);
                (CoreGradients<double> gradients, AttentionWeights<double> actualWeights) = module.CoreBackward(weights, core.Query, core.Key, core.Value, g, core.Rows);
                Numbers.Close(expected.Query, gradients.Query, Tolerances.SameMaths, what + ", dq");
                Numbers.Close(expected.Key, gradients.Key, Tolerances.SameMaths, what + ", dk");
                Numbers.Close(expected.Value, gradients.Value, Tolerances.SameMaths, what + ", dv");
                Assert.All(expectedWeights.Tensors, tensor => Numbers.Close(tensor.Data, actualWeights[tensor.Name].Data, Tolerances.SameMaths, what + ", " + tensor.Name));
            }
        }
    }

    [Theory]
    [InlineData(nameof(Plain))]
    [InlineData(nameof(NormedOnePlus))]
    [InlineData(nameof(AlibiSink))]
    [InlineData(nameof(Reversed))]
    [InlineData(nameof(Everything))]
    [InlineData(nameof(TopLeft))]
    public void In_single_precision_odd_lengths_stay_within_the_rule(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        foreach ((int queries, int keys) in new[] { (1, 1), (1, 17), (3, 5), (5, 3), (33, 17), (16, 65), (65, 64) })
        {
            CoreCase core = CoreCase.Random(layer, 2, queries, keys, seed: 14);
            SingleCases.Core(layer, core.Rows, core.Query, core.Key, core.Value, output.WriteLine);
        }
    }

    [Theory]
    [InlineData(nameof(Plain))]
    [InlineData(nameof(AlibiSink))]
    [InlineData(nameof(Capped))]
    [InlineData(nameof(Biased))]
    public void Large_scores_are_not_out_of_reach(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        CoreCase core = CoreCase.Random(layer, 1, 9, 11, seed: 15, scale: 30);
        SingleCases.Core(layer, core.Rows, core.Query, core.Key, core.Value, output.WriteLine, scores: 900);
    }

    [Theory]
    [InlineData(nameof(Plain))]
    [InlineData(nameof(AlibiSink))]
    [InlineData(nameof(Everything))]
    public void Queries_that_see_no_key_yield_zero_and_pass_no_gradient(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 16);
        CoreCase core = CoreCase.Random(layer, 1, 5, 2, seed: 17);
        int perQuery = core.Query.Length / 5;
        int perOutput = layer.Reference.Shape.ScoreHeads * layer.Reference.Shape.ValueWidth;
        foreach (ScalarType dtype in new[] { ScalarType.Float64, ScalarType.Float32 })
        {
            foreach (CorePath path in TorchLayer.Paths(layer, dtype))
            {
                using var module = new TorchLayer(layer, dtype, path);
                CoreResult<double> result = module.Core(weights, core.Query, core.Key, core.Value, core.Rows);
                Assert.All(result.Output[..(3 * perOutput)], number => Assert.Equal(0, number));
                Assert.All(result.Lse[..(3 * layer.Reference.Shape.ScoreHeads)], number => Assert.Equal(double.NegativeInfinity, number));
                Numbers.Finite(result.Output);
                (CoreGradients<double> gradients, AttentionWeights<double> ofWeights) = module.CoreBackward(weights, core.Query, core.Key, core.Value, Numbers.Random(18, 5 * perOutput), core.Rows);
                Assert.All(gradients.Query[..(3 * perQuery)], number => Assert.Equal(0, number));
                Numbers.Finite(gradients.Query.Concat(gradients.Key).Concat(gradients.Value).Concat(ofWeights.Tensors.SelectMany(tensor => tensor.Data)));
            }
        }
    }

    /// <summary>With a top-left diagonal the last keys are beyond every query.</summary>
    [Fact]
    public void Keys_that_nobody_sees_are_never_read()
    {
        TestLayer layer = CoveringCases.Of(nameof(TopLeft));
        LayerShape shape = layer.Reference.Shape;
        CoreCase core = CoreCase.Random(layer, 1, 4, 9, seed: 19);
        SingleCases.Core(layer, core.Rows, core.Query, core.Key, core.Value, output.WriteLine, hidden: (4 * shape.KeyHeads * shape.KeyWidth, 4 * shape.ValueHeads * shape.ValueWidth));
    }

    /// <summary>The last key is hidden from all queries but the last: only that one may be spoilt, and no gradient of the others.</summary>
    [Theory]
    [InlineData(nameof(Plain))]
    [InlineData(nameof(AlibiSink))]
    [InlineData(nameof(Everything))]
    public void A_key_that_some_queries_see_spoils_those_alone(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        LayerShape shape = layer.Reference.Shape;
        AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 20);
        CoreCase core = CoreCase.Random(layer, 1, 5, 5, seed: 21);
        (double[] o, _) = core.Expected(weights);
        (double[] k, double[] v) = ([.. core.Key], [.. core.Value]);
        Array.Fill(k, double.NaN, 4 * shape.KeyHeads * shape.KeyWidth, shape.KeyHeads * shape.KeyWidth);
        Array.Fill(v, double.NegativeInfinity, 4 * shape.ValueHeads * shape.ValueWidth, shape.ValueHeads * shape.ValueWidth);
        int perOutput = shape.ScoreHeads * shape.ValueWidth;
        double[] g = Numbers.Random(22, 5 * perOutput);
        Array.Clear(g, 4 * perOutput, perOutput);
        CoreGradients<double> expected = layer.Reference.CoreBackward(weights, core.Query, core.Key, core.Value, g, layer.Reference.Zeros(), core.Rows);
        int hidden = 4 * shape.QueryHeads * shape.KeyWidth;
        foreach ((ScalarType dtype, CorePath path, double limit) in new[] { (ScalarType.Float64, CorePath.Torch, Tolerances.SameMaths), (ScalarType.Float32, CorePath.Fused, 1e-5) })
        {
            using var module = new TorchLayer(layer, dtype, path);
            double[] actual = module.Core(weights, core.Query, k, v, core.Rows).Output;
            Numbers.Close(o[..(4 * perOutput)], actual[..(4 * perOutput)], limit, $"{path}");
            Assert.All(actual[(4 * perOutput)..], number => Assert.False(double.IsFinite(number)));
        }

        using var exact = new TorchLayer(layer, ScalarType.Float64, CorePath.Torch);
        (CoreGradients<double> gradients, _) = exact.CoreBackward(weights, core.Query, k, v, g, core.Rows);
        Numbers.Close(expected.Query[..hidden], gradients.Query[..hidden], Tolerances.SameMaths, "dq");
        Numbers.Close(expected.Key[..(4 * shape.KeyHeads * shape.KeyWidth)], gradients.Key[..(4 * shape.KeyHeads * shape.KeyWidth)], Tolerances.SameMaths, "dk");
        Numbers.Close(expected.Value[..(4 * shape.ValueHeads * shape.ValueWidth)], gradients.Value[..(4 * shape.ValueHeads * shape.ValueWidth)], Tolerances.SameMaths, "dv");
    }

    [Fact]
    public void Sdpa_refuses_hidden_places_that_are_no_numbers_and_Auto_goes_round_it()
    {
        using DisposeScope scope = NewDisposeScope();
        using AttentionModule module = TorchLayer.Make(nameof(Plain), ScalarType.Float64);
        Tensor x = randn(1, 4, 12, ScalarType.Float64);
        x[0, 3] = double.NaN;
        module.Core = CorePath.Sdpa;
        Assert.Contains("not finite", Assert.Throws<InvalidOperationException>(() => module.forward(x)).Message, StringComparison.Ordinal);
        module.Core = CorePath.Auto;
        Tensor y = module.forward(x);
        Assert.Equal(CorePath.Torch, module.LastCore!.Path);
        Assert.Contains("not finite", module.LastCore.Reason, StringComparison.Ordinal);
        Assert.True(y.narrow(1, 0, 3).isfinite().all().ToBoolean());
        Assert.False(y.narrow(1, 3, 1).isfinite().any().ToBoolean());
        module.forward(x.narrow(1, 0, 3));
        Assert.Equal(CorePath.Sdpa, module.LastCore!.Path);
    }

    [Fact]
    public void Operands_that_are_not_contiguous_are_refused_by_the_kernels_and_the_same_elsewhere()
    {
        using DisposeScope scope = NewDisposeScope();
        using AttentionModule module = TorchLayer.Make(nameof(Interleaved), ScalarType.Float32);
        Tensor q = randn([2, 4, 5, 4], ScalarType.Float32).transpose(1, 2);   // [2, 5, 4, 4]
        Tensor k = randn([2, 2, 5, 4], ScalarType.Float32).transpose(1, 2);
        Tensor v = randn([2, 9, 2, 4], ScalarType.Float32).narrow(1, 3, 5);
        module.Core = CorePath.Fused;
        Assert.Contains("queries are not contiguous", Assert.Throws<InvalidOperationException>(() => module.Attend(q, k, v)).Message, StringComparison.Ordinal);

        // Without gradients keys and values may lie at any strides; with them they may not.
        Tensor fused = module.Attend(q.contiguous(), k, v);
        Tensor dense = module.Attend(q.contiguous(), k.contiguous(), v.contiguous());
        Assert.Equal(TorchLayer.Numbers(dense), TorchLayer.Numbers(fused));
        Tensor differentiated = q.contiguous().requires_grad_();
        Assert.Contains("keys are not contiguous", Assert.Throws<InvalidOperationException>(() => module.Attend(differentiated, k, v)).Message, StringComparison.Ordinal);

        module.Core = CorePath.Auto;
        Tensor auto = module.Attend(q, k, v);
        Assert.Equal(CorePath.Sdpa, module.LastCore!.Path);
        Assert.Contains("not contiguous", module.LastCore.Reason, StringComparison.Ordinal);
        Numbers.Close(TorchLayer.Numbers(dense), TorchLayer.Numbers(auto), 1e-5, "Sdpa");
        module.Core = CorePath.Torch;
        Numbers.Close(TorchLayer.Numbers(dense), TorchLayer.Numbers(module.Attend(q, k, v)), 1e-5, "Torch");
    }

    [Fact]
    public void An_expanded_batch_and_an_offset_into_storage_are_read_as_they_are()
    {
        using DisposeScope scope = NewDisposeScope();
        using AttentionModule module = TorchLayer.Make(nameof(Plain), ScalarType.Float32);
        module.Core = CorePath.Fused;
        Tensor q = randn([3, 6, 3, 4], ScalarType.Float32).narrow(0, 1, 2);
        Tensor k = randn([1, 6, 3, 4], ScalarType.Float32).expand(2, 6, 3, 4);
        Tensor v = randn([1, 6, 3, 4], ScalarType.Float32).expand(2, 6, 3, 4);
        Assert.True(q.storage_offset() > 0);
        Tensor expected = module.Attend(q.clone(), k.contiguous(), v.contiguous());
        Assert.Equal(TorchLayer.Numbers(expected), TorchLayer.Numbers(module.Attend(q, k, v)));
    }

    [Fact]
    public void Shapes_types_and_rows_that_do_not_fit_are_refused_by_name()
    {
        using DisposeScope scope = NewDisposeScope();
        using AttentionModule module = TorchLayer.Make(nameof(Interleaved), ScalarType.Float32);
        Tensor q = zeros(1, 5, 4, 4);
        Tensor k = zeros(1, 7, 2, 4);
        Assert.Contains("value: expected Float32 [1, 7, 2, 4]", Assert.Throws<ArgumentException>(() => module.Attend(q, k, zeros(1, 7, 3, 4))).Message, StringComparison.Ordinal);
        Assert.Contains("key: expected Float32 [1, 7, 2, 4]", Assert.Throws<ArgumentException>(() => module.Attend(q, k.to(ScalarType.Float64), k)).Message, StringComparison.Ordinal);
        Assert.Contains("query: expected Float32 [B, T, 4, 4]", Assert.Throws<ArgumentException>(() => module.Attend(zeros(5, 4), k, k)).Message, StringComparison.Ordinal);
        Assert.Contains("aligned", Assert.Throws<ArgumentException>(() => module.Attend(q, k, k, TokenRows.Core(1, 5, 7, CausalAlign.TopLeft))).Message, StringComparison.Ordinal);
        Assert.Contains("[Segments]", Assert.Throws<ArgumentException>(() => module.Attend(q, k, k, TokenRows.Ragged([4], 5))).Message, StringComparison.Ordinal);
    }
}
