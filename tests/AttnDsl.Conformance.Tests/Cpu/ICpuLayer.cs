using System;
using System.Threading;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>The CPU backend of a generated layer without its type arguments, so that one test can go through many layers.</summary>
internal interface ICpuLayer
{
    LayerShape Shape { get; }

    /// <summary>The layer can be run over a cache; the members below that take one throw otherwise.</summary>
    bool IsCached { get; }

    void Forward(AttentionWeights<float> weights, ReadOnlySpan<float> x, Span<float> output, TokenRows rows, int threads = 0, CancellationToken cancellationToken = default);

    void Backward(
        AttentionWeights<float> weights, ReadOnlySpan<float> x, ReadOnlySpan<float> outputGradient, Span<float> inputGradient, AttentionWeights<float> gradients, TokenRows rows, int threads = 0,
        CancellationToken cancellationToken = default);

    void Core(
        AttentionWeights<float> weights, ReadOnlySpan<float> query, ReadOnlySpan<float> key, ReadOnlySpan<float> value, Span<float> output, Span<float> lse, TokenRows rows, int threads = 0,
        CancellationToken cancellationToken = default);

    void CoreBackward(
        AttentionWeights<float> weights, ReadOnlySpan<float> query, ReadOnlySpan<float> key, ReadOnlySpan<float> value, ReadOnlySpan<float> outputGradient,
        Span<float> queryGradient, Span<float> keyGradient, Span<float> valueGradient, AttentionWeights<float> gradients, TokenRows rows, int threads = 0,
        CancellationToken cancellationToken = default);

    /// <param name="batch">Rows.</param>
    /// <param name="capacity">Tokens per row; null: grows.</param>
    KvCache CreateCache(int batch, int? capacity = null);

    void Prefill(AttentionWeights<float> weights, ReadOnlySpan<float> x, Span<float> output, KvCache cache, TokenRows block, int threads = 0, CancellationToken cancellationToken = default);

    void Decode(AttentionWeights<float> weights, ReadOnlySpan<float> x, Span<float> output, KvCache cache, int threads = 0, CancellationToken cancellationToken = default);
}
