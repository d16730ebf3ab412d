using System;
using System.Linq;

namespace AttnDsl.Conformance.Tests.Runtime;

public class ReferenceCacheTests
{
    private static readonly CacheStream Key = new("key", 2, 3);
    private static readonly CacheStream Value = new("value", 1, 2);

    [Fact]
    public void StepByStepEqualsAtOnce()
    {
        double[] keys = Numbers(2 * 7 * 6);
        var once = new ReferenceCache<double>(2, Key, Value);
        Step(once, TokenRows.Uniform(2, 7), keys);

        var steps = new ReferenceCache<double>(2, Key, Value);
        foreach ((int start, int count) in new[] { (0, 3), (3, 1), (4, 3) })
        {
            Step(steps, TokenRows.Uniform(2, count), Slice(keys, 2, 7, 6, start, count));
        }

        Assert.Equal(7, steps.Length(1));
        Assert.Equal(keys, once.Read(0));
        Assert.Equal(keys, steps.Read(0));
        Assert.Equal(once.Read(1), steps.Read(1));
        Assert.Equal(8, once.ScalarsPerToken);
        Assert.Equal(["key", "value"], once.Streams.Select(stream => stream.Name));
    }

    [Fact]
    public void RaggedRows()
    {
        var cache = new ReferenceCache<float>(2, new CacheStream("k", 1, 1));
        TokenRows first = cache.Extend(TokenRows.Ragged([3, 1], 3));
        Assert.Equal([1f, 2, 3, 4, 0, 0], cache.Append(0, [1, 2, 3, 4, 99, 99], first));
        cache.Commit(first);
        Assert.Equal([3, 1], new[] { cache.Length(0), cache.Length(1) });

        TokenRows second = cache.Extend(TokenRows.Ragged([1, 2], 2));
        Assert.Equal((2, 4), (second.Tokens, second.Keys));
        Assert.Equal([3, 1], new[] { second.Past(0), second.Past(1) });
        Assert.Equal([4, 3], new[] { second.KeyCount(0), second.KeyCount(1) });
        Assert.Equal([3, 2], new[] { second.Position(0, 0), second.Position(1, 1) });
        Assert.Equal([1f, 2, 3, 5, 4, 6, 7, 0], cache.Append(0, [5, 99, 6, 7], second));
        cache.Commit(second);
        Assert.Equal([1f, 2, 3, 5, 4, 6, 7, 0], cache.Read(0));

        // Rows that grow alike are not ragged, wherever they start.
        TokenRows third = cache.Extend(TokenRows.Uniform(2, 1));
        Assert.False(third.IsRagged);
        Assert.Equal((4, 3, 5), (third.Past(0), third.Past(1), third.Keys));
    }

    [Fact]
    public void RowsMayStayEmpty()
    {
        var cache = new ReferenceCache<float>(2, new CacheStream("k", 1, 1));
        TokenRows nothing = cache.Extend(TokenRows.Ragged([0, 0], 2));
        Assert.Equal(0, nothing.Keys);
        Assert.Empty(cache.Append(0, new float[4], nothing));
        cache.Commit(nothing);
        Assert.Empty(cache.Read(0));
    }

    [Fact]
    public void NothingIsVisibleBeforeTheCommit()
    {
        var cache = new ReferenceCache<double>(1, new CacheStream("k", 1, 1));
        Step(cache, TokenRows.Uniform(1, 2), [1, 2]);
        TokenRows abandoned = cache.Extend(TokenRows.Uniform(1, 3));
        cache.Append(0, [7, 8, 9], abandoned);
        Assert.Equal(2, cache.Length(0));
        Assert.Equal([1.0, 2], cache.Read(0));

        TokenRows kept = cache.Extend(TokenRows.Uniform(1, 1));
        Assert.Equal([1.0, 2, 3], cache.Append(0, [3], kept));
        cache.Commit(kept);
        Assert.Equal([1.0, 2, 3], cache.Read(0));
    }

    [Fact]
    public void TruncateAndReset()
    {
        var cache = new ReferenceCache<double>(2, new CacheStream("k", 1, 1));
        Step(cache, TokenRows.Uniform(2, 3), [1, 2, 3, 4, 5, 6]);
        cache.Truncate(0, 1);
        Assert.Equal([1.0, 0, 0, 4, 5, 6], cache.Read(0));
        Step(cache, TokenRows.Uniform(2, 1), [7, 8]);
        Assert.Equal([1.0, 7, 0, 0, 4, 5, 6, 8], cache.Read(0));
        cache.Truncate(1, 4);
        Assert.Equal(4, cache.Length(1));
        Assert.Contains("row 0 holds 2 tokens and can keep 0 to 2, got 3", Assert.Throws<ArgumentOutOfRangeException>(() => cache.Truncate(0, 3)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Truncate(0, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Truncate(2, 0));
        cache.Reset();
        Assert.Equal((0, 0), (cache.Length(0), cache.Length(1)));
        Assert.Empty(cache.Read(0));
        Assert.False(cache.Extend(TokenRows.Uniform(2, 1)).IsRagged);
    }

    [Fact]
    public void SegmentsOfCachedTokensAreKept()
    {
        var cache = new ReferenceCache<double>(2, new CacheStream("k", 1, 1));
        Step(cache, TokenRows.Uniform(2, 1), [0, 0]);
        Step(cache, TokenRows.Ragged([2, 1], 2, segments: [5, 6, 7, 99]), new double[4]);
        TokenRows extended = cache.Extend(TokenRows.Ragged([1, 2], 2, segments: [6, 99, 7, 8]));
        Assert.Equal([0, 5, 6, 6], Enumerable.Range(0, 4).Select(key => extended.KeySegment(0, key)));
        Assert.Equal([0, 7, 7, 8], Enumerable.Range(0, 4).Select(key => extended.KeySegment(1, key)));
        Assert.Equal((6, 8), (extended.QuerySegment(0, 0), extended.QuerySegment(1, 1)));
        Assert.True(extended.IsRagged);
    }

    [Fact]
    public void TokensWithoutSegmentsGoOnWithTheLast()
    {
        var cache = new ReferenceCache<double>(2, new CacheStream("k", 1, 1));
        Step(cache, TokenRows.Ragged([2, 1], 2, segments: [5, 6, 7, 0]), new double[4]);
        TokenRows extended = cache.Extend(TokenRows.Uniform(2, 1));
        Assert.Equal((6, 7), (extended.QuerySegment(0, 0), extended.QuerySegment(1, 0)));
        Assert.Equal((6, 7), (extended.KeySegment(0, 2), extended.KeySegment(1, 1)));
        cache.Append(0, [1, 2], extended);
        cache.Commit(extended);
        cache.Truncate(0, 1);
        extended = cache.Extend(TokenRows.Uniform(2, 1));
        Assert.Equal((5, 7), (extended.QuerySegment(0, 0), extended.QuerySegment(1, 0)));
    }

    [Fact]
    public void GivenPositionsSurviveTheExtension()
    {
        var cache = new ReferenceCache<double>(1, new CacheStream("k", 1, 1));
        Step(cache, TokenRows.Uniform(1, 2), [1, 2]);
        TokenRows extended = cache.Extend(TokenRows.Ragged([2], 2, positions: [40, 41]));
        Assert.Equal((2, 41), (extended.Past(0), extended.Position(0, 1)));
    }

    [Fact]
    public void MisuseIsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReferenceCache<double>(0, Key));
        Assert.Throws<ArgumentException>(() => new ReferenceCache<double>(1));
        Assert.Contains("'k' must have at least 1 head of width 1, got 0 of width 3", Assert.Throws<ArgumentException>(() => new ReferenceCache<double>(1, new CacheStream("k", 0, 3))).Message, StringComparison.Ordinal);

        var cache = new ReferenceCache<double>(2, Key, Value);
        Assert.Contains("expected 2 rows as in the cache, got 3", Assert.Throws<ArgumentException>(() => cache.Extend(TokenRows.Uniform(3, 1))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => cache.Extend(TokenRows.Core(2, 1, 4)));
        TokenRows extended = cache.Extend(TokenRows.Uniform(2, 1));
        Assert.Throws<ArgumentException>(() => cache.Extend(extended));
        TokenRows stale = extended;
        extended = cache.Extend(TokenRows.Uniform(2, 1));
        Assert.Throws<ArgumentException>(() => cache.Append(0, new double[12], stale));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Append(2, new double[12], extended));
        Assert.Contains("values: expected [2, 1, 2, 3] = 12 elements, got 11", Assert.Throws<ArgumentException>(() => cache.Append(0, new double[11], extended)).Message, StringComparison.Ordinal);
        cache.Append(0, new double[12], extended);
        Assert.Contains("'value' has not been appended", Assert.Throws<InvalidOperationException>(() => cache.Commit(extended)).Message, StringComparison.Ordinal);
        cache.Append(1, new double[4], extended);
        cache.Commit(extended);
        Assert.Throws<ArgumentException>(() => cache.Commit(extended));
        Assert.Throws<ArgumentException>(() => cache.Append(0, new double[12], extended));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Read(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Length(2));
    }

    private static void Step(ReferenceCache<double> cache, TokenRows block, double[] values)
    {
        TokenRows extended = cache.Extend(block);
        cache.Append(0, values, extended);
        for (int s = 1; s < cache.Streams.Count; s++)
        {
            cache.Append(s, new double[block.Batch * block.Tokens * (int)cache.Streams[s].ScalarsPerToken], extended);
        }

        cache.Commit(extended);
    }

    private static double[] Numbers(int count) => [.. Enumerable.Range(1, count).Select(i => (double)i)];

    private static double[] Slice(double[] values, int batch, int tokens, int size, int start, int count) =>
        [.. Enumerable.Range(0, batch).SelectMany(row => values.Skip(((row * tokens) + start) * size).Take(count * size))];
}
