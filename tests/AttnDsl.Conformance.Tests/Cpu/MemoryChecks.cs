using System;
using System.Collections.Generic;
using System.Diagnostics;
using AttnDsl.Cpu;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>Native scratch that a call rents, for four times the tokens: four times as much, where a matrix of scores would be sixteen times.</summary>
internal static class MemoryChecks
{
    private const int Short = 2048;
    private const int Long = 8192;

    /// <summary>Checks all kinds of calls.</summary>
    /// <returns>What was measured, a line each.</returns>
    public static IEnumerable<string> Run()
    {
        CpuCase layer = CpuCase.Of(typeof(Slim));
        AttentionWeights<float> weights = layer.Weights(seed: 910).Narrow;
        AttentionWeights<float> gradients = layer.Single.Zeros();
        float[] x = CpuCalls.Random(911, Long * layer.Cpu.Shape.Dim);
        (float[] y, float[] dx) = (new float[x.Length], new float[x.Length]);
        (TokenRows few, TokenRows many) = (TokenRows.Uniform(1, Short), TokenRows.Uniform(1, Long));
        (int part, int whole) = (Short * layer.Cpu.Shape.Dim, x.Length);
        KvCache cache = layer.Cpu.CreateCache(1, Long);
        yield return Linear("Forward", rows => layer.Cpu.Forward(weights, x.AsSpan(0, Length(rows)), y.AsSpan(0, Length(rows)), rows, threads: 1));
        yield return Linear("Backward", rows => layer.Cpu.Backward(weights, x.AsSpan(0, Length(rows)), x.AsSpan(0, Length(rows)), dx.AsSpan(0, Length(rows)), gradients, rows, threads: 1));
        yield return Linear("Prefill", rows =>
        {
            cache.Reset();
            layer.Cpu.Prefill(weights, x.AsSpan(0, Length(rows)), y.AsSpan(0, Length(rows)), cache, rows, threads: 1);
        });

        // The process's own view: a matrix of scores at the longer length is 256 MiB.
        const long Matrix = (long)Long * Long * sizeof(float);
        long peak;
        using (Process process = Process.GetCurrentProcess())
        {
            peak = process.PeakWorkingSet64;
        }

        Assert.InRange(peak, 0, Matrix * 3 / 4);
        yield return FormattableString.Invariant($"peak working set of the process {peak >> 20} MiB, a matrix of scores would be {Matrix >> 20} MiB");

        int Length(TokenRows rows) => rows == many ? whole : part;

        string Linear(string what, Action<TokenRows> call)
        {
            (long small, long large) = (Rented(() => call(few)), Rented(() => call(many)));
            Assert.InRange((double)large / small, 1, 4.5);
            return FormattableString.Invariant($"{what}: {small >> 10} KiB for {Short} tokens, {large >> 10} KiB for {Long}, ratio {(double)large / small:F2}");
        }
    }

    /// <summary>Bytes of native scratch that a call on one thread leaves in an empty pool.</summary>
    private static long Rented(Action call)
    {
        Drain();
        call();
        return Drain();
    }

    private static long Drain()
    {
        long floats = 0;

        // As many as the pool holds at most; past its last one it hands out new, empty ones.
        for (int i = 0; i < 64; i++)
        {
            Workspace workspace = WorkspacePool.Rent();
            floats += workspace.Capacity;
            workspace.Free();
        }

        return floats * sizeof(float);
    }
}
