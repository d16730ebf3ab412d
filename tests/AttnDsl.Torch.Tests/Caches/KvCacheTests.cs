using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Cpu;
using AttnDsl.Conformance.Tests.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Tests.Caches;

/// <summary>Modules over the cache that the CPU backend uses too, in every storage: one may fill it and the other go on.</summary>
[KeepsTensors]
public sealed class KvCacheTests
{
    private static readonly (ScalarType Dtype, CorePath Path)[] Ways =
    [
        (ScalarType.Float32, CorePath.Auto),
        (ScalarType.Float32, CorePath.Fused),
        (ScalarType.Float32, CorePath.Sdpa),
        (ScalarType.Float32, CorePath.Torch),
        (ScalarType.Float64, CorePath.Torch),
    ];

    public static TheoryData<string> Storages => StorageCase.Names;

    [Theory]
    [MemberData(nameof(Storages))]
    public void Whoever_runs_a_step_it_attends_to_what_the_cache_holds(string storage)
    {
        foreach ((ScalarType dtype, CorePath path) in Ways)
        {
            foreach (string turns in new[] { "m", "cm", "mcc" })
            {
                using var history = new CacheHistory(StorageCase.Of(storage), dtype, path, turns);
                history.Step(7, 7, 0, 4);
                history.Step(1, 1, 1, 1);
                history.Fork(from: 0, to: 1);
                history.Step(3, 3, 1, 2);
                history.Step(1, 1, 1, 1);
                history.Truncate(0, 5);
                history.Truncate(2, 0);
                history.Step(9, 9, 2, 6);
                history.Reorder(1, 1, 0);
                history.Reserve(4);
                history.Step(1, 1, 1, 1);
                history.TakeBack(() =>
                {
                    history.Step(2, 2, 0, 1);
                    history.Step(1, 1, 1, 1);
                });
                history.Step(1, 1, 1, 1);
                history.Check($"{dtype}, {path}, turns {turns}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(CoveringCases.CachedNames), MemberType = typeof(CoveringCases))]
    public void In_pieces_the_module_is_the_reference_and_so_is_the_CPU_backend(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        var cpu = CpuCase.Of(typeof(Plain).Assembly.GetType($"{typeof(Plain).Namespace}.{name}", throwOnError: true)!);
        (AttentionWeights<double> weights, AttentionWeights<float> narrow) = SingleCases.Rounded(layer, Numbers.RandomWeights(layer.Reference, seed: 61));
        float[] x = CpuCalls.Random(62, 2 * 19 * layer.Reference.Shape.Dim);
        double[] expected = layer.Reference.Forward(weights, CpuCalls.Wide(x), TokenRows.Uniform(2, 19));
        float[] plain = layer.Single.Forward(narrow, x, TokenRows.Uniform(2, 19));
        foreach (int chunk in new[] { 1, 4, 19 })
        {
            SingleRule.Check(FormattableString.Invariant($"CPU, chunks of {chunk}"), expected, plain, cpu.InChunks(narrow, x, 2, TorchLayer.MakeCache(name, 2), chunk));
            foreach (CorePath path in TorchLayer.Paths(layer, ScalarType.Float32))
            {
                using var module = new TorchLayer(layer, ScalarType.Float32, path);
                double[] y = module.InChunks(weights, CpuCalls.Wide(x), 2, chunk, TorchLayer.MakeCache(name, 2));
                SingleRule.Check(FormattableString.Invariant($"{path}, chunks of {chunk}"), expected, plain, CpuCalls.Narrow(y));
                Assert.Equal(path, module.Module.LastCore!.Path);
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
        Block[] blocks = [RaggedBlocks.Lengths, Block.Uniform(4, 1), new(3, [0, 0, 0, 0]), new(3, [0, 3, 2, 1], Segments: [1, 1, 1, 2, 2, 1, 5, 5, 5, 0, 0, 0]), Block.Uniform(4, 2)];
        foreach ((ScalarType dtype, CorePath path) in Ways.Where(way => way.Path != CorePath.Sdpa))
        {
            using DisposeScope scope = NewDisposeScope();
            using var module = new TorchLayer(layer, dtype, path);
            module.Module.CopyFrom(weights);
            ReferenceCache<double> reference = layer.Reference.CreateCache(4);
            KvCache cache = TorchLayer.MakeCache(name, 4);
            foreach ((Block block, int step) in blocks.Select((block, step) => (block, step)))
            {
                double[] x = Numbers.Random(64 + step, block.Batch * block.Tokens * dim);
                double[] expected = layer.Reference.Prefill(weights, x, reference, block.Rows);
                Tensor foul = module.Tokens([.. x.Select((value, i) => block.IsReal(i / dim) ? value : double.NaN)], block.Rows);
                Numbers.Close(expected, TorchLayer.Numbers(module.Module.forward(foul, cache, block.Rows)), 2e-4, FormattableString.Invariant($"{dtype}, {path}, step {step}"));
            }

            for (int stream = 0; stream < 2; stream++)
            {
                Numbers.Close(reference.Read(stream), CpuCalls.Wide(cache.Read(stream)), 2e-4, "stream");
            }
        }
    }

    [Fact]
    public void Layers_of_a_stack_step_together_whoever_runs_them()
    {
        using DisposeScope scope = NewDisposeScope();
        using var module = new Pages8.Module(seed: 4);
        Pages8.Weights<float> weights = Pages8.Weights<float>.Create(4);
        var stack = new StackCache(2, new CachePaging(8));
        Pages8.Cache[] layers = [new(stack), new(stack)];
        Tensor x = randn(2, 5, 24);
        Tensor hidden = module.forward(x, layers[0]);
        Assert.Equal(0, stack.Length(0));

        // The other layer takes another step, then the same layer takes the step again: both are refused, and the step still stands.
        Assert.Contains("that the other layers", Assert.Throws<ArgumentException>(() => module.forward(randn(2, 4, 24), layers[1])).Message, StringComparison.Ordinal);
        Assert.Contains("has taken the present step", Assert.Throws<InvalidOperationException>(() => module.forward(x, layers[0])).Message, StringComparison.Ordinal);
        var y = new float[2 * 5 * 24];
        Pages8.Cpu.Prefill(weights, hidden.contiguous().data<float>().ToArray(), y, layers[1], TokenRows.Uniform(2, 5));
        Assert.Equal(5, stack.Length(1));

        Tensor expected = module.forward(module.forward(x));
        Numbers.Close(TorchLayer.Numbers(expected), CpuCalls.Wide(y), 1e-5, "two layers");

        // A step that one layer has taken and the other will not leaves nothing once it is given up.
        module.forward(x, layers[0]);
        stack.Abandon();
        stack.Fork(from: 0, to: 1);
        Tensor next = randn(2, 1, 24);
        Tensor last = module.forward(module.forward(next, layers[0]), layers[1]);
        Tensor whole = cat([cat([x[0], x[0]], 0).reshape(2, 5, 24), next], 1);
        Numbers.Close(TorchLayer.Numbers(module.forward(module.forward(whole)).narrow(1, 5, 1)), TorchLayer.Numbers(last), 1e-5, "after the fork");
    }

    [Fact]
    public void A_call_that_throws_leaves_the_cache_as_it_was()
    {
        using DisposeScope scope = NewDisposeScope();
        using AttentionModule module = TorchLayer.Make(nameof(Plain), ScalarType.Float32);
        var cache = new Plain.Cache(2, capacity: 8);
        Tensor x = randn(2, 3, 12);
        module.forward(x, cache);
        float[] before = cache.Read(0);
        Assert.Throws<ArgumentException>(() => module.forward(randn(2, 3, 11), cache));
        Assert.Contains("cache: expected 3 rows as in x, got 2", Assert.Throws<ArgumentException>(() => module.forward(randn(3, 3, 12), cache)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => module.forward(x, cache, TokenRows.Ragged([2, 3], 3)));
        Assert.Throws<ArgumentException>(() => module.forward(x, cache, TokenRows.Uniform(2, 4)));
        Assert.Contains("row 0 holds 3 tokens of a capacity of 8", Assert.Throws<ArgumentException>(() => module.forward(randn(2, 6, 12), cache)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => module.forward(x, (KvCache)null!));
        module.Core = CorePath.Sdpa;
        x[1, 2] = float.NaN;
        Assert.Throws<InvalidOperationException>(() => module.forward(x, cache));
        Assert.Equal([3, 3], new[] { cache.Length(0), cache.Length(1) });
        Assert.Equal(before, cache.Read(0));

        // And it goes on as if nothing had been.
        module.Core = CorePath.Auto;
        var clean = new Plain.Cache(2);
        Tensor first = randn(2, 3, 12);
        Tensor next = randn(2, 1, 12);
        module.forward(first, clean);
        cache.Reset();
        module.forward(first, cache);
        Assert.Equal(TorchLayer.Numbers(module.forward(next, clean)), TorchLayer.Numbers(module.forward(next, cache)));
    }

    [Fact]
    public void Layers_without_a_cache_and_caches_of_others_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using AttentionModule bidirectional = TorchLayer.Make(nameof(Biased), ScalarType.Float32);
        using AttentionModule plain = TorchLayer.Make(nameof(Plain), ScalarType.Float32);
        var cache = new Plain.Cache(1);
        Assert.Contains("[Causal]", Assert.Throws<NotSupportedException>(() => bidirectional.forward(zeros(1, 2, 12), cache)).Message, StringComparison.Ordinal);
        var lookalike = new KvCache(1, CacheElement.Float32, null, [.. cache.Streams]);
        foreach (KvCache other in new[] { lookalike, new PartlyRotated.Cache(1) })
        {
            ArgumentException refusal = Assert.Throws<ArgumentException>(() => plain.forward(zeros(1, 2, 12), other));
            Assert.Equal("cache", refusal.ParamName);
            Assert.Contains("expected the layer's own " + typeof(Plain.Cache), refusal.Message, StringComparison.Ordinal);
            Assert.Equal(0, other.Length(0));
        }
    }

    [Fact]
    public void A_cache_is_a_constant_in_training_too()
    {
        using DisposeScope scope = NewDisposeScope();
        using AttentionModule module = TorchLayer.Make(nameof(Plain), ScalarType.Float32);
        Assert.True(module.training);
        foreach (CorePath path in new[] { CorePath.Torch, CorePath.Sdpa, CorePath.Fused })
        {
            module.Core = path;
            Tensor y = module.forward(randn(1, 3, 12).requires_grad_(), new Plain.Cache(1));
            Assert.False(y.requires_grad);
            Assert.True(is_grad_enabled());
        }
    }

    [Fact]
    public void Kernels_read_the_cache_in_place()
    {
        NeverCopied(new Dense.Cache(2), FusedKernels.Of<Dense.Cpu, Dense.Cache>());
        NeverCopied(new PagesHalf.Cache(2), FusedKernels.Of<PagesHalf.Cpu, PagesHalf.Cache>());

        static void NeverCopied(KvCache cache, FusedKernels kernels)
        {
            using DisposeScope scope = NewDisposeScope();
            using var module = new KernelsAlone(kernels);
            TokenRows rows = cache.Extend(TokenRows.Uniform(2, 5));
            cache.Append(0, new float[2 * 5 * 2 * 4], rows);
            cache.Append(1, [.. Enumerable.Repeat(3f, 2 * 5 * 2 * 4)], rows);
            var stream = new CachedStream(cache, () => throw new InvalidOperationException("a tensor of the cache"));
            Tensor query = randn(2, 5, 6, 4);
            Assert.All(TorchLayer.Numbers(module.Attend(query, stream, rows)), number => Assert.Equal(3, number, 1e-6));
            module.Core = CorePath.Torch;
            Assert.Equal("a tensor of the cache", Assert.Throws<InvalidOperationException>(() => module.Attend(query, stream, rows)).Message);
        }
    }

    /// <summary>Half precision is stored as float32 and comes back as it was.</summary>
    [Theory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    public void Half_precision_gives_the_bits_that_a_cache_of_tensors_gives(ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        using AttentionModule module = TorchLayer.Make(nameof(Plain), dtype);
        using TorchCache tensors = module.CreateCache(2);
        var cache = new Plain.Cache(2);
        foreach (int tokens in new[] { 5, 1, 3 })
        {
            Tensor x = randn([2, tokens, 12], dtype);
            Assert.Equal(TorchLayer.Numbers(module.forward(x, tensors)), TorchLayer.Numbers(module.forward(x, cache)));
        }
    }

    /// <summary>A module of nothing but a core.</summary>
    private sealed class KernelsAlone(FusedKernels kernels) : AttentionModule("core", Dense.Cpu.Shape)
    {
        protected override string? SdpaProblem => "it is not asked for";

        protected override FusedKernels? Kernels => kernels;

        public Tensor Attend(Tensor query, CachedStream stream, TokenRows rows) => Attend(query, stream, stream, new RowTensors(rows, query.device));

        protected override Tensor Forward(Tensor x, RowTensors rows) => x;

        protected override Tensor? Visible(RowTensors rows) => null;

        protected override Tensor Scores(Tensor query, Tensor key, RowTensors rows) => query;

        protected override Tensor AttendPlainly(Tensor query, Tensor key, Tensor value, Tensor? hidden, RowTensors rows) => query;

        protected override AttentionWeights<T> ZeroWeights<T>() => Dense.Weights<T>.Zeros();
    }
}
