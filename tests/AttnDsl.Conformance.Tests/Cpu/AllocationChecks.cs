using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;
using AttnDsl.Cpu.Tests;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>Managed bytes that calls allocate once they are warm: none.</summary>
internal static class AllocationChecks
{
    private const int Batch = 2;
    private const int Tokens = 48;
    private const int Measured = 10;

    // Tokens that the warm-up and all rounds may add.
    private const int Decoded = 100;

    public static readonly Type[] Layers =
        [typeof(GqaLlama3), typeof(GqaGptOss), typeof(SqaReverse), typeof(CausalRagged), typeof(WindowRagged), typeof(BothSidesRagged), typeof(Shared64), typeof(Halved), typeof(MlaLowRank), typeof(LatentEverything)];

    /// <summary>Bytes of every kind of call of a layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="threads">Threads of the calls.</param>
    /// <param name="allocated">Reads a counter of bytes.</param>
    public static IEnumerable<(string Call, long Bytes)> Of(CpuCase layer, int threads, Func<long> allocated)
    {
        LayerShape shape = layer.Cpu.Shape;
        int dim = shape.Dim;
        AttentionWeights<float> weights = layer.Weights(seed: 900).Narrow;
        AttentionWeights<float> gradients = layer.Single.Zeros();
        float[] x = CpuCalls.Random(901, Batch * Tokens * dim);
        (float[] y, float[] dx) = (new float[x.Length], new float[x.Length]);
        TokenRows rows = shape.Segments
            ? TokenRows.Ragged([Tokens, 17], Tokens, [.. Enumerable.Range(0, Batch * Tokens)], [.. Enumerable.Range(0, Batch * Tokens).Select(i => i / 20)])
            : TokenRows.Uniform(Batch, Tokens);
        yield return ("Forward", Bytes(() => layer.Cpu.Forward(weights, x, y, rows, threads)));
        yield return ("Backward", Bytes(() => layer.Cpu.Backward(weights, x, x, dx, gradients, rows, threads)));

        TokenRows core = TokenRows.Core(Batch, Tokens, Tokens, shape.Causal ?? CausalAlign.BottomRight);
        float[] q = CpuCalls.Random(902, Batch * Tokens * shape.QueryHeads * shape.KeyWidth);
        float[] k = CpuCalls.Random(903, Batch * Tokens * shape.KeyHeads * shape.KeyWidth);
        float[] v = CpuCalls.Random(904, Batch * Tokens * shape.ValueHeads * shape.ValueWidth);
        float[] o = new float[Batch * Tokens * shape.ScoreHeads * shape.ValueWidth];
        float[] lse = new float[Batch * Tokens * shape.ScoreHeads];
        (float[] dq, float[] dk, float[] dv) = (new float[q.Length], new float[k.Length], new float[v.Length]);
        yield return ("Core", Bytes(() => layer.Cpu.Core(weights, q, k, v, o, lse, core, threads)));
        yield return ("CoreBackward", Bytes(() => layer.Cpu.CoreBackward(weights, q, k, v, o, dq, dk, dv, gradients, core, threads)));
        if (!layer.Cpu.IsCached)
        {
            yield break;
        }

        KvCache cache = layer.Cpu.CreateCache(Batch);
        cache.Reserve(Tokens + Decoded);
        yield return ("Prefill", Bytes(() =>
        {
            cache.Reset();
            layer.Cpu.Prefill(weights, x, y, cache, rows, threads);
        }));
        float[] token = CpuCalls.Random(905, Batch * dim);
        float[] next = new float[token.Length];
        yield return ("Decode", Bytes(() => layer.Cpu.Decode(weights, token, next, cache, threads)));

        long Bytes(Action call) => WarmCalls.LeastBytes(allocated, call, Measured);
    }

    /// <summary>All layers, on 1 thread and on 2.</summary>
    /// <returns>What allocates.</returns>
    public static IEnumerable<string> Faults(Func<long> allocated) =>
        from annotated in Layers
        from threads in new[] { 1, 2 }
        from measured in Of(CpuCase.Of(annotated), threads, allocated)
        where measured.Bytes != 0
        select FormattableString.Invariant($"{annotated.Name}.{measured.Call} on {threads} threads: {measured.Bytes} bytes in {Measured} calls");
}
