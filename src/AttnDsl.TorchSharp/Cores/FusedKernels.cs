using System;
using AttnDsl.Cpu;

namespace AttnDsl.Torch;

/// <summary>A layer's generated kernels as an object. Made by generated code: <c>FusedKernels.Of&lt;Cpu&gt;()</c>.</summary>
public abstract class FusedKernels
{
    private protected FusedKernels()
    {
    }

    /// <summary>The kernels of a generated class.</summary>
    /// <typeparam name="TCore">The class.</typeparam>
    public static FusedKernels Of<TCore>()
        where TCore : IAttentionCore => FusedKernels<TCore>.Instance;

    /// <summary>The kernels of a generated class that has a cache.</summary>
    /// <typeparam name="TCore">The class.</typeparam>
    /// <typeparam name="TCache">Its cache.</typeparam>
    public static FusedKernels Of<TCore, TCache>()
        where TCore : ICachedAttentionCore<TCache>
        where TCache : KvCache => CachedFusedKernels<TCore, TCache>.Instance;

    internal abstract void Forward(ReadOnlySpan<float> logits, ReadOnlySpan<float> query, HeadRows<float> keys, HeadRows<float> values, Span<float> output, Span<float> lse, TokenRows rows);

    /// <summary>The core over a cache with the new tokens appended.</summary>
    internal virtual void Forward(ReadOnlySpan<float> logits, ReadOnlySpan<float> query, KvCache cache, Span<float> output, TokenRows rows) =>
        throw new NotSupportedException("the layer has no cache");

    internal abstract void Gradient(
        ReadOnlySpan<float> logits,
        ReadOnlySpan<float> query,
        ReadOnlySpan<float> key,
        ReadOnlySpan<float> value,
        ReadOnlySpan<float> output,
        ReadOnlySpan<float> lse,
        ReadOnlySpan<float> outputGradient,
        Span<float> queryGradient,
        Span<float> keyGradient,
        Span<float> valueGradient,
        Span<float> logitGradient,
        TokenRows rows);
}

/// <summary>The kernels of one generated class.</summary>
internal class FusedKernels<TCore> : FusedKernels
    where TCore : IAttentionCore
{
    private protected FusedKernels()
    {
    }

    public static FusedKernels Instance { get; } = new FusedKernels<TCore>();

    internal override void Forward(ReadOnlySpan<float> logits, ReadOnlySpan<float> query, HeadRows<float> keys, HeadRows<float> values, Span<float> output, Span<float> lse, TokenRows rows) =>
        TCore.CoreForward(logits, query, keys, values, output, lse, rows);

    internal override void Gradient(
        ReadOnlySpan<float> logits,
        ReadOnlySpan<float> query,
        ReadOnlySpan<float> key,
        ReadOnlySpan<float> value,
        ReadOnlySpan<float> output,
        ReadOnlySpan<float> lse,
        ReadOnlySpan<float> outputGradient,
        Span<float> queryGradient,
        Span<float> keyGradient,
        Span<float> valueGradient,
        Span<float> logitGradient,
        TokenRows rows) =>
        TCore.CoreGradient(logits, query, key, value, output, lse, outputGradient, queryGradient, keyGradient, valueGradient, logitGradient, rows);
}

/// <summary>The kernels of one generated class that has a cache.</summary>
internal sealed class CachedFusedKernels<TCore, TCache> : FusedKernels<TCore>
    where TCore : ICachedAttentionCore<TCache>
    where TCache : KvCache
{
    private CachedFusedKernels()
    {
    }

    public static new FusedKernels Instance { get; } = new CachedFusedKernels<TCore, TCache>();

    internal override void Forward(ReadOnlySpan<float> logits, ReadOnlySpan<float> query, KvCache cache, Span<float> output, TokenRows rows) =>
        TCore.CoreForward(logits, query, (TCache)cache, output, default, rows);
}
