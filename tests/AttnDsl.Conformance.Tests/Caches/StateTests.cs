using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Cpu;
using AttnDsl.Conformance.Tests.Layers;

namespace AttnDsl.Conformance.Tests.Caches;

/// <summary>Constant states go where their row goes: whatever was done to a cache, going on from it equals a fresh run over the tokens that the row stands for.</summary>
public sealed class StateTests
{
    private const int Dim = 64;

    private static readonly CompressedFour.Weights<float> s_weights = CompressedFour.Weights<float>.Create(5);
    private static readonly float[] s_tokens = CpuCalls.Narrow(Numbers.Random(6, 3 * 40 * Dim));

    [Fact]
    public void Forked_reordered_and_restored_rows_go_on_as_what_they_became()
    {
        CompressedFour.Cache cache = new(3);
        Feed(cache, [0, 1, 2], [0, 0, 0], 5);
        using CacheSnapshot snapshot = cache.Snapshot();
        cache.Fork(0, 2);
        Continues(cache, [0, 1, 0], 5);
        cache.Reorder([1, 0, 0]);
        Continues(cache, [1, 0, 0], 6);
        cache.Restore(snapshot);
        Continues(cache, [0, 1, 2], 5);
        cache.Reset(1);
        Feed(cache, [0, 2, 2], [6, 0, 6], 1);
        cache.Reset();
        Feed(cache, [2, 1, 0], [0, 0, 0], 3);
        Continues(cache, [2, 1, 0], 3);
    }

    [Fact]
    public void Tokens_are_taken_back_as_far_as_was_reserved_and_no_further()
    {
        CompressedFour.Cache cache = new(1, capacity: 40);
        cache.Reserve(2);
        Feed(cache, [0], [0], 7);
        cache.Truncate(0, 5);
        Continues(cache, [0], 5);
        cache.Truncate(0, 5);
        Assert.Contains("state 'qk' keeps the last 4 rows", Assert.Throws<InvalidOperationException>(() => cache.Truncate(0, 3)).Message, StringComparison.Ordinal);
        Continues(cache, [0], 5);
        cache.Truncate(0, 0);
        Feed(cache, [1], [0], 4);
        Continues(cache, [1], 4);
    }

    [Fact]
    public void An_abandoned_step_leaves_no_trace()
    {
        CompressedFour.Cache cache = new(1);
        Feed(cache, [0], [0], 4);
        TokenRows abandoned = cache.Extend();
        var recent = new float[(2 + 1) * 32];
        cache.History(0, Enumerable.Repeat(9f, 32).ToArray(), abandoned, recent);
        Continues(cache, [0], 4);
    }

    [Fact]
    public void A_step_that_writes_no_state_cannot_count()
    {
        CompressedFour.Cache cache = new(1);
        TokenRows rows = cache.Extend();
        cache.Append(0, new float[16], rows);
        cache.Append(1, new float[16], rows);
        Assert.Contains("state 'qk'", Assert.Throws<InvalidOperationException>(() => cache.Commit(rows)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.History(2, [], rows, []));
        Assert.Throws<ArgumentException>(() => cache.History(0, new float[3], rows, new float[96]));
    }

    [Fact]
    public void The_references_cache_takes_all_tokens_back_or_none()
    {
        ReferenceCache<double> cache = CompressedFour.Reference.CreateCache(1);
        CompressedFour.Weights<double> weights = CompressedFour.Weights<double>.Create(5);
        double[] x = Numbers.Random(7, 6 * Dim);
        double[] first = CompressedFour.Reference.Prefill(weights, x, cache, TokenRows.Uniform(1, 6));
        Assert.Throws<InvalidOperationException>(() => cache.Truncate(0, 3));
        cache.Truncate(0, 0);
        Assert.Equal(first, CompressedFour.Reference.Prefill(weights, x, cache, TokenRows.Uniform(1, 6)));
    }

    /// <summary>One more token in every row gives what a fresh cache gives after the tokens that the rows stand for.</summary>
    private static void Continues(CompressedFour.Cache cache, int[] sources, int length)
    {
        float[] next = Feed(cache, sources, [.. sources.Select(_ => length)], 1);
        CompressedFour.Cache fresh = new(sources.Length);
        Feed(fresh, sources, [.. sources.Select(_ => 0)], length);
        float[] expected = Feed(fresh, sources, [.. sources.Select(_ => length)], 1);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], next[i], 1e-5f);
        }
    }

    /// <summary>Tokens of the source rows, from some place on.</summary>
    private static float[] Feed(CompressedFour.Cache cache, int[] sources, int[] from, int count)
    {
        float[] x = [.. sources.SelectMany((source, row) => s_tokens[(((source * 40) + from[row]) * Dim)..(((source * 40) + from[row] + count) * Dim)])];
        var y = new float[x.Length];
        CompressedFour.Cpu.Prefill(s_weights, x, y, cache, TokenRows.Uniform(sources.Length, count));
        return y;
    }
}
