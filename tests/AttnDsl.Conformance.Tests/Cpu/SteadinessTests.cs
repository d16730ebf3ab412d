using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>Equal inputs give equal bits: run after run, on 1, 2 or 3 threads, and from several callers at a time.</summary>
[Collection(CpuTests.Name)]
public sealed class SteadinessTests
{
    // Long enough for the backward to split a head's keys into parts, whose sums meet again.
    private const int Tokens = 400;

    private static readonly CpuCase s_layer = CpuCase.Of(typeof(Shared64));
    private static readonly AttentionWeights<float> s_weights = s_layer.Weights(seed: 700).Narrow;
    private static readonly float[] s_x = CpuCalls.Random(701, Tokens * 64);
    private static readonly float[] s_g = CpuCalls.Random(702, Tokens * 64);
    private static readonly TokenRows s_rows = TokenRows.Uniform(1, Tokens);

    [Fact]
    public void Runs_and_thread_counts_do_not_show() => Paths.OnEach(path =>
    {
        float[] first = Everything(threads: 1);
        foreach (int threads in new[] { 1, 2, 3, 0 })
        {
            Same(first, Everything(threads), FormattableString.Invariant($"{path}, {threads} threads"));
        }
    });

    /// <summary>1200 cached tokens: enough for decoding to cut them into pieces, which threads share.</summary>
    [Fact]
    public void Runs_and_thread_counts_do_not_show_in_decoding_over_a_long_context() => Paths.OnEach(path =>
    {
        float[] x = CpuCalls.Random(703, 1200 * 64);
        KvCache cache = s_layer.Cpu.CreateCache(1);
        s_layer.Prefill(s_weights, x, cache, TokenRows.Uniform(1, 1200));
        float[] first = Steps(threads: 1);
        foreach (int threads in new[] { 1, 2, 3, 0 })
        {
            Same(first, Steps(threads), FormattableString.Invariant($"{path}, {threads} threads"));
        }

        float[] Steps(int threads)
        {
            cache.Truncate(0, 1200);
            return [.. s_layer.Decode(s_weights, s_x[..64], cache, threads), .. s_layer.Decode(s_weights, s_x[64..128], cache, threads), .. s_layer.Prefill(s_weights, s_x[..(3 * 64)], cache, TokenRows.Uniform(1, 3), threads)];
        }
    });

    [Fact]
    public void Callers_at_one_time_do_not_show()
    {
        float[] alone = Everything(threads: 2);
        var results = new float[4][];
        Thread[] callers = [.. Enumerable.Range(0, results.Length).Select(caller => new Thread(() =>
        {
            for (int run = 0; run < 3; run++)
            {
                results[caller] = Everything(threads: 1 + (caller % 3));
            }
        }))];
        foreach (Thread caller in callers)
        {
            caller.Start();
        }

        foreach (Thread caller in callers)
        {
            caller.Join();
        }

        Assert.All(results, result => Same(alone, result, "a caller among others"));
    }

    /// <summary>Forward, gradients of x and of every weight, chunks over a cache of the caller's own, and the core.</summary>
    private static float[] Everything(int threads)
    {
        var all = new List<float>();
        all.AddRange(s_layer.Forward(s_weights, s_x, s_rows, threads));
        (float[] dx, AttentionWeights<float> gradients) = s_layer.Backward(s_weights, s_x, s_g, s_rows, threads);
        all.AddRange(dx);
        all.AddRange(CpuCalls.All(gradients));
        KvCache cache = s_layer.Cpu.CreateCache(1);
        all.AddRange(s_layer.Prefill(s_weights, s_x, cache, s_rows, threads));
        all.AddRange(s_layer.Decode(s_weights, s_g[..64], cache, threads));
        return [.. all];
    }

    private static void Same(float[] expected, float[] actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        int different = Enumerable.Range(0, expected.Length).Count(i => BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]));
        Assert.True(different == 0, FormattableString.Invariant($"{what}: {different} of {expected.Length} numbers have other bits"));
        Assert.DoesNotContain(float.NaN, expected);
    }
}
