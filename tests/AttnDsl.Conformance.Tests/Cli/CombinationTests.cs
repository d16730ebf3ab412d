using System;
using System.Linq;
using AttnDsl.Cli.Layers;
using AttnDsl.Cli.Stacks;

namespace AttnDsl.Conformance.Tests.Cli;

/// <summary>Attributes of several families on one layer, as they are advertised: what goes together computes the same in whatever pieces, and what does not is refused where it stands.</summary>
public sealed class CombinationTests
{
    private const int Tokens = 20;

    // Eight bits lose up to half a step of 1/255 of a group's range, and a scalar next to the middle may be coded either way.
    private const double Coded = 1e-2;

    [Theory]
    [InlineData("[Attention(dim: 128, heads: 32, headDim: 64)] [SparseQuery(ratio: 2)] [LatentKV(rank: 512)] [Rope] [Causal]", 0)]
    [InlineData("[Attention(dim: 128, heads: 32, headDim: 64)] [SparseQuery(ratio: 2)] [LatentKV(rank: 512)] [Rope] [SlidingWindow(6)] [Causal] [KvCache(Storage = CacheStorage.Paged)]", 0)]
    [InlineData("[Attention(dim: 256, heads: 8)] [GroupedQuery(kv: 4)] [Compressed(factor: 8)] [Rope] [Causal]", 0)]
    [InlineData("[Attention(dim: 256, heads: 8)] [GroupedQuery(kv: 4)] [Compressed(factor: 8)] [Rope] [SlidingWindow(6)] [Causal] [RingCache(recent: 6, Evict = RingEviction.TrimAfter)]", 0)]
    [InlineData("[Attention(dim: 128, heads: 8)] [GroupedQuery(kv: 2)] [SparseQuery(ratio: 2)] [SlidingWindow(12)] [Causal] [QuantizedCache(bits: 8, Group = 8, Residual = 8)]", Coded)]
    [InlineData("[Attention(dim: 128, heads: 8)] [GroupedQuery(keyHeads: 2, valueHeads: 4)] [AugmentedQuery(width: 48)] [SelectiveValue(top: 5)] [Rope] [Causal]", 0)]
    [InlineData("[Attention(dim: 128, heads: 8)] [GroupedQuery(kv: 2)] [TiedKV(ropeDim: 8)] [SparseQuery(ratio: 2)] [Rope] [AttentionSink] [Causal]", 0)]
    public void WhatGoesTogetherComputesTheSameInPieces(string stack, double storage)
    {
        CompiledStack compiled = StackCompiler.Compile(stack).Require();
        var exact = Assert.IsAssignableFrom<ICachedLayer<double>>(compiled.Reference);
        var cpu = Assert.IsAssignableFrom<ICachedLayer<float>>(compiled.Cpu);
        AttentionWeights<float> weights = cpu.CreateWeights(7);
        Random random = new(8);
        foreach (WeightTensor<float> tensor in weights.Tensors)
        {
            // The initial weights make scores that hardly differ.
            float size = tensor.Shape.Length == 2 ? MathF.Sqrt(3f / tensor.Shape[1]) : 0.5f;
            float center = tensor.Name.Contains("norm", StringComparison.Ordinal) ? 1 : 0;
            foreach (ref float value in tensor.Data.AsSpan())
            {
                value = center + (size * ((2 * random.NextSingle()) - 1));
            }
        }

        AttentionWeights<double> wide = exact.ZeroWeights();
        weights.CopyTo(wide);
        int dim = exact.Shape.Dim;
        float[] x = [.. Enumerable.Range(0, Tokens * dim).Select(_ => (2 * random.NextSingle()) - 1)];
        double[] once = exact.Forward(wide, Wide(x), TokenRows.Uniform(1, Tokens));
        Close("the CPU at once", once, Wide(cpu.Forward(weights, x, TokenRows.Uniform(1, Tokens))), 1e-4);

        double[] reference = InPieces(exact, wide, Wide(x));
        Close("the reference in pieces", once, reference, Math.Max(1e-10, storage));
        Close("the CPU in pieces", reference, Wide(InPieces(cpu, weights, x)), Math.Max(1e-4, storage));
    }

    [Theory]
    [InlineData("[Attention(dim: 512, heads: 8)] [LatentKV(rank: 128)] [Compressed(factor: 8)] [Causal]", "ATTN0712", "Compressed", "[SparseQuery(ratio: 2)]")]
    [InlineData("[Attention(dim: 512, heads: 8)] [LatentKV(rank: 128)] [GroupedQuery(kv: 4)] [Causal]", "ATTN0700", "GroupedQuery", "[SparseQuery(ratio: 2)]")]
    [InlineData("[Attention(dim: 512, heads: 8)] [GroupedQuery(kv: 4)] [LatentKV(rank: 128)] [Causal]", "ATTN0700", "LatentKV", "[SparseQuery(ratio: 2)]")]
    [InlineData("[Attention(dim: 512, heads: 8)] [LatentKV(rank: 128)] [TiedKV(ropeDim: 8)] [Rope] [Causal]", "ATTN0722", "TiedKV", "keep one")]
    [InlineData("[Attention(dim: 512, heads: 8)] [GroupedQuery(kv: 4)] [ReverseSparseQuery(heads: 2, kv: 4)]", "ATTN0212", "ReverseSparseQuery", "remove")]
    public void WhatContradictsItselfIsRefusedWhereItStands(string stack, string id, string attribute, string advice)
    {
        StackResult result = StackCompiler.Compile(stack);
        Assert.Null(result.Compiled);
        StackDiagnostic refusal = Assert.Single(result.Diagnostics, diagnostic => diagnostic.Id == id);
        Assert.Equal(StackSeverity.Error, refusal.Severity);
        Assert.StartsWith(attribute, result.Text[refusal.Start..], StringComparison.Ordinal);
        Assert.Contains(advice, refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>Seven tokens, two, and the rest one by one.</summary>
    private static T[] InPieces<T>(ICachedLayer<T> layer, AttentionWeights<T> weights, T[] x)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        int dim = layer.Shape.Dim;
        ILayerCache<T> cache = layer.CreateCache(1);
        T[] first = layer.Prefill(weights, x[..(7 * dim)], cache, TokenRows.Uniform(1, 7));
        T[] second = layer.Prefill(weights, x[(7 * dim)..(9 * dim)], cache, TokenRows.Uniform(1, 2));
        return [.. first, .. second, .. Enumerable.Range(9, Tokens - 9).SelectMany(t => layer.Decode(weights, x[(t * dim)..((t + 1) * dim)], cache))];
    }

    private static double[] Wide(float[] values) => Array.ConvertAll(values, value => (double)value);

    private static void Close(string what, double[] expected, double[] found, double limit)
    {
        double size = expected.Max(Math.Abs);
        double worst = expected.Zip(found, (a, b) => Math.Abs(a - b)).Max();
        Assert.True(expected.Length == found.Length && size > 0.01 && worst <= limit * size, FormattableString.Invariant($"{what}: off by {worst:G3} of {size:G3}"));
    }
}
