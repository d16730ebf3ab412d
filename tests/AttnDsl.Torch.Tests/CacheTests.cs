using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Tests;

/// <summary>Modules over a cache: in any pieces, with rows of unequal length, and after calls that failed.</summary>
[KeepsTensors]
public sealed class CacheTests
{
    [Theory]
    [MemberData(nameof(CoveringCases.CachedNames), MemberType = typeof(CoveringCases))]
    public void In_pieces_the_module_is_the_reference(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 61);
        double[] x = Numbers.Random(62, 2 * 19 * layer.Reference.Shape.Dim);
        double[] expected = layer.Reference.Forward(weights, x, TokenRows.Uniform(2, 19));
        foreach (ScalarType dtype in new[] { ScalarType.Float64, ScalarType.Float32 })
        {
            foreach (CorePath path in TorchLayer.Paths(layer, dtype))
            {
                using var module = new TorchLayer(layer, dtype, path);
                foreach (int chunk in new[] { 1, 4, 19 })
                {
                    Numbers.Close(expected, module.InChunks(weights, x, 2, chunk), dtype == ScalarType.Float64 ? 1e-11 : 2e-4, FormattableString.Invariant($"{dtype}, {path}, chunks of {chunk}"));
                    Assert.Equal(path, module.Module.LastCore!.Path);
                }
            }
        }
    }

    [Theory]
    [InlineData(nameof(Segmented))]
    [InlineData(nameof(Sparse))]
    [InlineData(nameof(Everything))]
    public void Rows_of_unequal_length_and_segments_go_on_as_in_the_reference(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        int dim = layer.Reference.Shape.Dim;
        AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 63);
        Block[] blocks = [RaggedBlocks.Lengths, Block.Uniform(4, 1), new(3, [0, 3, 2, 1], Segments: [1, 1, 1, 2, 2, 1, 5, 5, 5, 0, 0, 0]), Block.Uniform(4, 2)];
        foreach ((ScalarType dtype, CorePath path, double limit) in new[] { (ScalarType.Float64, CorePath.Torch, 1e-11), (ScalarType.Float32, CorePath.Torch, 2e-4), (ScalarType.Float32, CorePath.Fused, 2e-4) })
        {
            using DisposeScope scope = NewDisposeScope();
            using var module = new TorchLayer(layer, dtype, path);
            module.Module.CopyFrom(weights);
            ReferenceCache<double> reference = layer.Reference.CreateCache(4);
            using TorchCache cache = module.Module.CreateCache(4);
            foreach ((Block block, int step) in blocks.Select((block, step) => (block, step)))
            {
                double[] x = Numbers.Random(64 + step, block.Batch * block.Tokens * dim);
                double[] expected = layer.Reference.Prefill(weights, x, reference, block.Rows);
                Tensor foul = module.Tokens([.. x.Select((value, i) => block.IsReal(i / dim) ? value : double.NaN)], block.Rows);
                Numbers.Close(expected, TorchLayer.Numbers(module.Module.forward(foul, cache, block.Rows)), limit, FormattableString.Invariant($"{dtype}, {path}, step {step}"));
            }

            for (int stream = 0; stream < 2; stream++)
            {
                Numbers.Close(reference.Read(stream), TorchLayer.Numbers(cache.Read(stream)), limit, "stream");
            }

            for (int row = 0; row < 4; row++)
            {
                Assert.Equal(reference.Length(row), cache.Length(row));
                reference.Truncate(row, reference.Length(row) / 2);
                cache.Truncate(row, cache.Length(row) / 2);
            }

            double[] next = Numbers.Random(70, 4 * dim);
            Numbers.Close(layer.Reference.Decode(weights, next, reference), TorchLayer.Numbers(module.Module.forward(module.Tensor(next, 4, 1, dim), cache)), limit, "after truncating");
            cache.Reset();
            Assert.Equal(0, cache.Length(2));
        }
    }

    [Fact]
    public void A_call_that_throws_leaves_the_cache_as_it_was()
    {
        using DisposeScope scope = NewDisposeScope();
        using AttentionModule module = TorchLayer.Make(nameof(Plain), ScalarType.Float32);
        using TorchCache cache = module.CreateCache(2);
        Tensor x = randn(2, 3, 12);
        module.forward(x, cache);
        double[] before = TorchLayer.Numbers(cache.Read(0));
        Assert.Throws<ArgumentException>(() => module.forward(randn(2, 3, 11), cache));
        Assert.Throws<ArgumentException>(() => module.forward(randn(3, 3, 12), cache));
        Assert.Throws<ArgumentException>(() => module.forward(x, cache, TokenRows.Ragged([2, 3], 3)));
        Assert.Throws<ArgumentException>(() => module.forward(x, cache, TokenRows.Uniform(2, 4)));
        module.Core = CorePath.Sdpa;
        x[1, 2] = float.NaN;
        Assert.Throws<InvalidOperationException>(() => module.forward(x, cache));
        Assert.Equal([3, 3], new[] { cache.Length(0), cache.Length(1) });
        Assert.Equal(before, TorchLayer.Numbers(cache.Read(0)));

        // And it goes on as if nothing had been.
        using TorchCache clean = module.CreateCache(2);
        Tensor first = randn(2, 3, 12);
        Tensor next = randn(2, 1, 12);
        module.forward(first, clean);
        cache.Reset();
        module.forward(first, cache);
        Assert.Equal(TorchLayer.Numbers(module.forward(next, clean)), TorchLayer.Numbers(module.forward(next, cache)));
    }

    [Fact]
    public void Steps_by_hand_are_checked_as_the_reference_checks_them()
    {
        using DisposeScope scope = NewDisposeScope();
        using var cache = new TorchCache(2, ScalarType.Float64, CPU, new CacheStream("k", 2, 3), new CacheStream("v", 1, 4));
        Assert.Equal(10, cache.ScalarsPerToken);
        TokenRows extended = cache.Extend(TokenRows.Uniform(2, 5));
        Tensor keys = ones([2, 5, 2, 3], ScalarType.Float64);
        Assert.Equal([2L, 5, 2, 3], cache.Append(0, keys, extended).shape);
        Assert.Contains("stream 'v' has not been appended", Assert.Throws<InvalidOperationException>(() => cache.Commit(extended)).Message, StringComparison.Ordinal);
        Assert.Contains("values: expected Float64 [2, 5, 1, 4] on cpu", Assert.Throws<ArgumentException>(() => cache.Append(1, keys, extended)).Message, StringComparison.Ordinal);
        Assert.Contains("stream: expected 0 to 1", Assert.Throws<ArgumentOutOfRangeException>(() => cache.Append(2, keys, extended)).Message, StringComparison.Ordinal);
        Assert.Equal(0, cache.Length(0));
        cache.Append(1, ones([2, 5, 1, 4], ScalarType.Float64), extended);
        cache.Commit(extended);
        Assert.Equal(5, cache.Length(1));
        Assert.Contains("that Extend last returned", Assert.Throws<ArgumentException>(() => cache.Append(0, keys, extended)).Message, StringComparison.Ordinal);
        Assert.Contains("row 1 holds 5 tokens", Assert.Throws<ArgumentOutOfRangeException>(() => cache.Truncate(1, 6)).Message, StringComparison.Ordinal);
        Assert.Contains("row: expected 0 to 1", Assert.Throws<ArgumentOutOfRangeException>(() => cache.Length(2)).Message, StringComparison.Ordinal);
        Assert.Equal(2 * 16 * 10 * 8, cache.Bytes);
        Assert.Throws<ArgumentException>(() => new TorchCache(2, ScalarType.Float64, CPU));
        Assert.Throws<ArgumentException>(() => new TorchCache(1, ScalarType.Float64, CPU, new CacheStream("k", 0, 3)));
    }

    [Fact]
    public void A_cache_is_a_constant()
    {
        using DisposeScope scope = NewDisposeScope();
        using AttentionModule module = TorchLayer.Make(nameof(Plain), ScalarType.Float64);
        using TorchCache cache = module.CreateCache(1);
        Tensor y = module.forward(randn([1, 3, 12], ScalarType.Float64).requires_grad_(), cache);
        Assert.False(y.requires_grad);
        Assert.False(cache.Read(0).requires_grad);
        Assert.True(is_grad_enabled());
    }

    [Fact]
    public void Layers_without_a_cache_and_caches_of_others_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using AttentionModule bidirectional = TorchLayer.Make(nameof(Biased), ScalarType.Float32);
        using AttentionModule topLeft = TorchLayer.Make(nameof(TopLeft), ScalarType.Float32);
        using AttentionModule plain = TorchLayer.Make(nameof(Plain), ScalarType.Float32);
        using AttentionModule wide = TorchLayer.Make(nameof(Plain), ScalarType.Float64);
        Assert.Contains("[Causal]", Assert.Throws<NotSupportedException>(() => bidirectional.CreateCache(1)).Message, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => topLeft.CreateCache(1));
        using TorchCache cache = plain.CreateCache(1);
        Assert.Throws<NotSupportedException>(() => bidirectional.forward(zeros(1, 2, 12), cache));
        using AttentionModule other = TorchLayer.Make(nameof(PartlyRotated), ScalarType.Float32);
        Assert.Contains("expected the layer's streams", Assert.Throws<ArgumentException>(() => other.forward(zeros(1, 2, 12), cache)).Message, StringComparison.Ordinal);
        Assert.Contains("of Float64", Assert.Throws<ArgumentException>(() => wide.forward(zeros(1, 2, 12, ScalarType.Float64), cache)).Message, StringComparison.Ordinal);
    }
}
