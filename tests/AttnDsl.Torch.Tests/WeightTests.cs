using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Tests;

/// <summary>Parameters by checkpoint name: order, start, files.</summary>
[KeepsTensors]
public sealed class WeightTests
{
    [Theory]
    [MemberData(nameof(CoveringCases.Names), MemberType = typeof(CoveringCases))]
    public void Names_shapes_and_order_are_those_of_the_weights(string name)
    {
        AttentionWeights<double> weights = CoveringCases.Of(name).Reference.Zeros();
        using AttentionModule module = TorchLayer.Make(name, ScalarType.Float32);
        string[] names = [.. weights.Tensors.Select(tensor => tensor.Name)];
        Assert.Equal(names, module.state_dict().Keys);
        Assert.Equal(names, module.named_parameters().Select(parameter => parameter.name));
        Assert.Equal(names.Length, module.parameters().Count());
        Assert.Empty(module.buffers());
        Assert.All(weights.Tensors, tensor => Assert.Equal(tensor.Shape.Select(size => (long)size), module.get_parameter(tensor.Name)!.shape));
        Assert.All(module.parameters(), parameter => Assert.True(parameter.requires_grad));
    }

    [Fact]
    public void Inside_another_module_the_keys_are_prefixed_and_nothing_is_registered_twice()
    {
        using AttentionModule layer = TorchLayer.Make(nameof(Everything), ScalarType.Float32);
        using var outer = new Outer(layer);
        Assert.Equal(layer.state_dict().Keys.Select(key => "attention." + key), outer.state_dict().Keys);
        Assert.Equal(layer.named_parameters().Select(parameter => "attention." + parameter.name), outer.named_parameters().Select(parameter => parameter.name));
        outer.to(ScalarType.Float64);
        Assert.All(outer.parameters(), parameter => Assert.Equal(ScalarType.Float64, parameter.dtype));
        Assert.Equal(ScalarType.Float64, layer.Dtype);
    }

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    public void A_seed_starts_a_module_exactly_as_it_starts_weights(ScalarType dtype)
    {
        foreach (TestLayer layer in CoveringCases.All)
        {
            using AttentionModule module = TorchLayer.Make(layer.Name, dtype, seed: 42);
            AttentionWeights<double> actual = layer.Reference.Zeros();
            module.CopyTo(actual);
            AttentionWeights<double> expected = layer.Reference.Create(42);
            if (dtype == ScalarType.Float32)
            {
                layer.Single.Create(42).CopyTo(expected);
            }

            Assert.All(expected.Tensors, tensor => Assert.Equal(tensor.Data, actual[tensor.Name].Data));
        }
    }

    [Fact]
    public void Weights_go_in_and_out_unchanged_in_every_type()
    {
        TestLayer layer = CoveringCases.Of(nameof(Everything));
        AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 3);
        using AttentionModule wide = TorchLayer.Make(layer.Name, ScalarType.Float64);
        wide.CopyFrom(weights);
        AttentionWeights<double> back = layer.Reference.Zeros();
        wide.CopyTo(back);
        Assert.All(weights.Tensors, tensor => Assert.Equal(tensor.Data, back[tensor.Name].Data));
        AttentionWeights<float> narrow = layer.Single.Zeros();
        wide.CopyTo(narrow);
        Assert.All(weights.Tensors, tensor => Assert.Equal(tensor.Data.Select(value => (float)value), narrow[tensor.Name].Data));
        Assert.Contains(
            "expected 11 weights, got 4", Assert.Throws<ArgumentException>(() => wide.CopyFrom(CoveringCases.Of(nameof(Plain)).Reference.Create(1))).Message, StringComparison.Ordinal);
        using AttentionModule plain = TorchLayer.Make(nameof(Plain), ScalarType.Float64);
        Assert.Contains(
            "expected q_proj.weight [12, 12], got q_proj.weight [16, 16]",
            Assert.Throws<ArgumentException>(() => plain.CopyFrom(CoveringCases.Of(nameof(Interleaved)).Reference.Create(1))).Message,
            StringComparison.Ordinal);
        wide.CopyTo(back);
        Assert.All(weights.Tensors, tensor => Assert.Equal(tensor.Data, back[tensor.Name].Data));
    }

    [Theory]
    [InlineData(ScalarType.Float64, SafetensorsDtype.Float64)]
    [InlineData(ScalarType.Float32, SafetensorsDtype.Float32)]
    [InlineData(ScalarType.Float16, SafetensorsDtype.Float16)]
    [InlineData(ScalarType.BFloat16, SafetensorsDtype.BFloat16)]
    public void Files_hold_the_parameters_in_their_own_type_and_give_them_back(ScalarType dtype, SafetensorsDtype stored)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("layer.safetensors");
        using AttentionModule module = TorchLayer.Make(nameof(Everything), dtype, seed: 9);
        module.save(path);
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            Assert.All(file.Tensors.Values, tensor => Assert.Equal(stored, tensor.Dtype));
        }

        using AttentionModule other = TorchLayer.Make(nameof(Everything), dtype, seed: 10);
        Assert.Same(other, other.load(path));
        foreach ((string name, TorchSharp.Modules.Parameter parameter) in module.named_parameters())
        {
            Assert.Equal(TorchLayer.Numbers(parameter), TorchLayer.Numbers(other.get_parameter(name)!));
        }
    }

    [Fact]
    public void Prefix_names_types_and_the_other_rotation_layout_are_options_of_a_file()
    {
        using var folder = new TemporaryFolder();
        using DisposeScope scope = NewDisposeScope();
        string path = folder.File("model.safetensors");
        var options = new WeightFileOptions { Prefix = "layers.3.", CheckpointLayout = RopeLayout.HalfSplit, SaveAs = SafetensorsDtype.Float64 };
        using AttentionModule module = TorchLayer.Make(nameof(Interleaved), ScalarType.Float32, seed: 4);
        module.save(path, options);
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            Assert.All(file.Tensors.Keys, name => Assert.StartsWith("layers.3.", name, StringComparison.Ordinal));
        }

        using AttentionModule other = TorchLayer.Make(nameof(Interleaved), ScalarType.Float64);
        other.load(path, new WeightFileOptions { Prefix = "layers.3." });
        Tensor x = randn(1, 5, 16);
        module.Core = CorePath.Torch;
        Numbers.Close(TorchLayer.Numbers(module.forward(x)), TorchLayer.Numbers(other.forward(x.to(ScalarType.Float64))), 1e-6, "loaded");
    }

    [Fact]
    public void A_file_that_does_not_fit_names_everything_and_changes_nothing()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("layer.safetensors");
        using AttentionModule plain = TorchLayer.Make(nameof(Plain), ScalarType.Float32, seed: 1);
        plain.save(path);
        using AttentionModule everything = TorchLayer.Make(nameof(Everything), ScalarType.Float32, seed: 2);
        AttentionWeights<double> before = CoveringCases.Of(nameof(Everything)).Reference.Zeros();
        AttentionWeights<double> after = CoveringCases.Of(nameof(Everything)).Reference.Zeros();
        everything.CopyTo(before);
        WeightFileException error = Assert.Throws<WeightFileException>(() => everything.load(path));
        Assert.Contains(error.Problems, problem => problem.Kind == WeightProblemKind.Shape && problem.Name == "q_proj.weight");
        Assert.Contains(error.Problems, problem => problem.Kind == WeightProblemKind.Missing && problem.Name == "sinks");
        everything.CopyTo(after);
        Assert.All(before.Tensors, tensor => Assert.Equal(tensor.Data, after[tensor.Name].Data));
        Assert.Throws<ArgumentException>(() => plain.save(path, new WeightFileOptions { SaveAs = SafetensorsDtype.Int64 }));
        Assert.Throws<ArgumentNullException>(() => plain.load((SafetensorsFile)null!));
    }

    private sealed class Outer : nn.Module<Tensor, Tensor>
    {
        private readonly AttentionModule attention;

        public Outer(AttentionModule attention)
            : base(nameof(Outer))
        {
            this.attention = attention;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => attention.forward(input);
    }
}
