using System;
using System.Threading;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>A generated CPU backend that cannot be run over a cache.</summary>
internal class CpuLayer<TCpu, TWeights> : ICpuLayer
    where TCpu : IAttentionBackend<TWeights>
    where TWeights : AttentionWeights<float>
{
    public LayerShape Shape => TCpu.Shape;

    public virtual bool IsCached => false;

    public void Forward(AttentionWeights<float> weights, ReadOnlySpan<float> x, Span<float> output, TokenRows rows, int threads = 0, CancellationToken cancellationToken = default) =>
        TCpu.Forward((TWeights)weights, x, output, rows, threads, cancellationToken);

    public void Backward(
        AttentionWeights<float> weights, ReadOnlySpan<float> x, ReadOnlySpan<float> outputGradient, Span<float> inputGradient, AttentionWeights<float> gradients, TokenRows rows, int threads = 0,
        CancellationToken cancellationToken = default) =>
        TCpu.Backward((TWeights)weights, x, outputGradient, inputGradient, (TWeights)gradients, rows, threads, cancellationToken);

    public void Core(
        AttentionWeights<float> weights, ReadOnlySpan<float> query, ReadOnlySpan<float> key, ReadOnlySpan<float> value, Span<float> output, Span<float> lse, TokenRows rows, int threads = 0,
        CancellationToken cancellationToken = default) =>
        TCpu.Core((TWeights)weights, query, key, value, output, lse, rows, threads, cancellationToken);

    public void CoreBackward(
        AttentionWeights<float> weights, ReadOnlySpan<float> query, ReadOnlySpan<float> key, ReadOnlySpan<float> value, ReadOnlySpan<float> outputGradient,
        Span<float> queryGradient, Span<float> keyGradient, Span<float> valueGradient, AttentionWeights<float> gradients, TokenRows rows, int threads = 0,
        CancellationToken cancellationToken = default) =>
        TCpu.CoreBackward((TWeights)weights, query, key, value, outputGradient, queryGradient, keyGradient, valueGradient, (TWeights)gradients, rows, threads, cancellationToken);

    public virtual KvCache CreateCache(int batch, int? capacity = null) => throw NotCached();

    public virtual void Prefill(
        AttentionWeights<float> weights, ReadOnlySpan<float> x, Span<float> output, KvCache cache, TokenRows block, int threads = 0, CancellationToken cancellationToken = default) =>
        throw NotCached();

    public virtual void Decode(AttentionWeights<float> weights, ReadOnlySpan<float> x, Span<float> output, KvCache cache, int threads = 0, CancellationToken cancellationToken = default) =>
        throw NotCached();

    private static NotSupportedException NotCached() => new($"{typeof(TCpu)} has no cache.");
}

/// <summary>A generated CPU backend that can.</summary>
internal sealed class CachedCpuLayer<TCpu, TWeights, TCache> : CpuLayer<TCpu, TWeights>
    where TCpu : ICachedAttentionBackend<TWeights, TCache>
    where TWeights : AttentionWeights<float>
    where TCache : KvCache
{
    public override bool IsCached => true;

    public override KvCache CreateCache(int batch, int? capacity = null) =>
        capacity is null ? TCpu.CreateCache(batch) : (KvCache)Activator.CreateInstance(typeof(TCache), batch, capacity)!;

    public override void Prefill(
        AttentionWeights<float> weights, ReadOnlySpan<float> x, Span<float> output, KvCache cache, TokenRows block, int threads = 0, CancellationToken cancellationToken = default) =>
        TCpu.Prefill((TWeights)weights, x, output, (TCache)cache, block, threads, cancellationToken);

    public override void Decode(AttentionWeights<float> weights, ReadOnlySpan<float> x, Span<float> output, KvCache cache, int threads = 0, CancellationToken cancellationToken = default) =>
        TCpu.Decode((TWeights)weights, x, output, (TCache)cache, threads, cancellationToken);
}
