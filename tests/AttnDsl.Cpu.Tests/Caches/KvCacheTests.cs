using System;
using System.Linq;
using AttnDsl.Cpu;

namespace AttnDsl.Cpu.Tests.Caches;

public class KvCacheTests
{
    private static readonly CacheStream Key = new("key", 2, 3);
    private static readonly CacheStream Value = new("value", 1, 2);

    [Fact]
    public void StepByStepEqualsAtOnce()
    {
        float[] keys = [.. Enumerable.Range(1, 2 * 7 * 6).Select(i => (float)i)];
        var once = new KvCache(2, CacheElement.Float32, null, Key, Value);
        Step(once, TokenRows.Uniform(2, 7), keys);
        var steps = new KvCache(2, CacheElement.Float32, 7, Key, Value);
        foreach ((int start, int count) in new[] { (0, 3), (3, 1), (4, 3) })
        {
            Step(steps, TokenRows.Uniform(2, count), [.. Enumerable.Range(0, 2).SelectMany(row => keys.Skip(((row * 7) + start) * 6).Take(count * 6))]);
        }

        Assert.Equal(7, steps.Length(1));
        Assert.Equal(keys, once.Read(0));
        Assert.Equal(keys, steps.Read(0));
        Assert.Equal(once.Read(1), steps.Read(1));
        Assert.Equal(8, once.ScalarsPerToken);
        Assert.Equal(["key", "value"], once.Streams.Select(stream => stream.Name));
    }

    [Theory]
    [InlineData(CacheElement.Float32, 4)]
    [InlineData(CacheElement.BFloat16, 2)]
    public void BytesAreThoseOfTheCapacity(CacheElement element, int size)
    {
        var cache = new KvCache(3, element, 10, Key, Value);
        Assert.Equal((10, 3 * 10 * 8 * size, element, false), (cache.Capacity, cache.Bytes, cache.Element, cache.IsGrowing));
        var growing = new KvCache(3, element, null, Key, Value);
        Assert.Equal((0, 0L, true), (growing.Capacity, growing.Bytes, growing.IsGrowing));
        growing.Reserve(5);
        Assert.Equal((5, 3L * 5 * 8 * size), (growing.Capacity, growing.Bytes));
    }

    [Fact]
    public void CapacityDoubles()
    {
        var cache = new KvCache(1, CacheElement.Float32, null, Value);
        Step(cache, TokenRows.Uniform(1, 1), [1, 2]);
        Assert.Equal(16, cache.Capacity);
        for (int i = 1; i < 17; i++)
        {
            Step(cache, TokenRows.Uniform(1, 1), [(2 * i) + 1, (2 * i) + 2]);
        }

        Assert.Equal((32, 17), (cache.Capacity, cache.Length(0)));
        Assert.Equal(Enumerable.Range(1, 34).Select(i => (float)i), cache.Read(0));
        Step(cache, TokenRows.Uniform(1, 100), new float[200]);
        Assert.Equal(117, cache.Capacity);
    }

    [Fact]
    public void AFullCacheIsAtFaultInADecodingCall()
    {
        var cache = new KvCache(1, CacheElement.Float32, 1, Value);
        Step(cache, TokenRows.Uniform(1, 1), new float[2]);
        ArgumentException error = Assert.Throws<ArgumentException>(() => cache.Extend());
        Assert.Equal("cache", error.ParamName);
        Assert.Contains("row 0 holds 1 tokens of a capacity of 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFixedCapacityRefusesBeforeAnythingIsWritten()
    {
        var cache = new KvCache(2, CacheElement.Float32, 4, Value);
        Step(cache, TokenRows.Ragged([1, 3], 3), [1, 2, 0, 0, 0, 0, 3, 4, 5, 6, 7, 8]);
        float[] before = cache.Read(0);
        ArgumentException error = Assert.Throws<ArgumentException>(() => cache.Extend(TokenRows.Uniform(2, 2)));
        Assert.Equal("block", error.ParamName);
        Assert.Contains("row 1 holds 3 tokens of a capacity of 4 and takes 1 more, got 2", error.Message, StringComparison.Ordinal);
        Assert.Contains("takes 1 more, got 2", Assert.Throws<ArgumentException>(() => cache.Reserve(2)).Message, StringComparison.Ordinal);
        Assert.Equal(before, cache.Read(0));
        Assert.Equal((1, 3), (cache.Length(0), cache.Length(1)));

        // Exactly full is fine, and a row without new tokens needs no room.
        Step(cache, TokenRows.Uniform(2, 1), [9, 9, 8, 8]);
        Step(cache, TokenRows.Ragged([2, 0], 2), new float[8]);
        Assert.Equal((4, 4), (cache.Length(0), cache.Length(1)));
        Assert.Throws<ArgumentException>(() => cache.Extend());
        cache.Truncate(0, 3);
        cache.Truncate(1, 0);
        Assert.Equal((3, 0), (cache.Extend().Past(0), cache.Extend().Past(1)));
    }

    [Fact]
    public void StorageIsHeadMajorAndOnACacheLine()
    {
        var cache = new KvCache(1, CacheElement.Float32, 5, Key);
        Step(cache, TokenRows.Uniform(1, 2), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        HeadRows<float> view = cache.View<float>(0);
        Assert.Equal((30L, 3L, 15L), (view.RowStride, view.TokenStride, view.HeadStride));
        Assert.Equal([1f, 2, 3, 7, 8, 9], view.Values[..6].ToArray());
        Assert.Equal([4f, 5, 6, 10, 11, 12], view.Values[15..21].ToArray());
        unsafe
        {
            fixed (float* first = view.Values)
            {
                Assert.Equal(0u, (nuint)first % 64);
            }
        }
    }

    [Fact]
    public void BFloat16RoundsToNearestEven()
    {
        // Ties, a carry into the exponent, the largest float, zeros, denormals, infinities and NaNs; more than one vector and a rest.
        float[] values =
        [
            1, 1 + (1f / 256), 1 + (3f / 256), 1 + (1f / 256) + 1e-6f, 1.9999999f, float.MaxValue, -0f, float.Epsilon, -1e-40f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, -float.NaN,
            BitConverter.UInt32BitsToSingle(0x7F800001), BitConverter.UInt32BitsToSingle(0xFFFFFFFF), 3.14159265f, 0.1f, -0.1f, 65504, 1e-30f,
        ];
        var cache = new KvCache(1, CacheElement.BFloat16, null, new CacheStream("k", 1, values.Length));
        Step(cache, TokenRows.Uniform(1, 1), values);
        ushort[] stored = cache.View<ushort>(0).Values[..values.Length].ToArray();
        Assert.Equal(values.Select(value => BFloat16Bits.FromDouble(value)), stored);
        Assert.Equal([1f, 1, 1 + (4f / 256)], cache.Read(0)[..3]);
        Assert.True(cache.Read(0)[11..15].All(float.IsNaN));
    }

    [Fact]
    public void NothingIsVisibleBeforeTheCommit()
    {
        var cache = new KvCache(1, CacheElement.Float32, null, Value);
        Step(cache, TokenRows.Uniform(1, 1), [1, 2]);
        TokenRows abandoned = cache.Extend(TokenRows.Uniform(1, 40));
        cache.Append(0, new float[80], abandoned);
        Assert.Equal([1f, 2], cache.Read(0));
        Step(cache, TokenRows.Uniform(1, 1), [3, 4]);
        Assert.Equal([1f, 2, 3, 4], cache.Read(0));
    }

    [Fact]
    public void PositionsSurviveTheExtensionAndPastIsTheLength()
    {
        var cache = new KvCache(2, CacheElement.Float32, null, Value);
        Step(cache, TokenRows.Ragged([3, 1], 3), new float[12]);
        TokenRows extended = cache.Extend(TokenRows.Ragged([2, 1], 2, positions: [40, 41, 7, 0]));
        Assert.Equal((2, 5, 3, 1), (extended.Tokens, extended.Keys, extended.Past(0), extended.Past(1)));
        Assert.Equal((5, 2), (extended.KeyCount(0), extended.KeyCount(1)));
        Assert.Equal((41, 7), (extended.Position(0, 1), extended.Position(1, 0)));
        extended = cache.Extend();
        Assert.Equal((1, 4, false, 3, 1), (extended.Tokens, extended.Keys, extended.IsRagged, extended.Position(0, 0), extended.Position(1, 0)));
    }

    [Fact]
    public void MisuseIsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new KvCache(0, CacheElement.Float32, null, Key));
        Assert.Throws<ArgumentException>(() => new KvCache(1, CacheElement.Float32, null));
        Assert.Throws<ArgumentOutOfRangeException>(() => new KvCache(1, (CacheElement)7, null, Key));
        Assert.Contains("at least 1 token per row, got 0", Assert.Throws<ArgumentOutOfRangeException>(() => new KvCache(1, CacheElement.Float32, 0, Key)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "'k' must have at least 1 head of width 1, got 0 of width 3",
            Assert.Throws<ArgumentException>(() => new KvCache(1, CacheElement.Float32, null, new CacheStream("k", 0, 3))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "stream 'key' of 2000000000 tokens, [2, 2, 2000000000, 3], does not fit in one block",
            Assert.Throws<ArgumentException>(() => new KvCache(2, CacheElement.Float32, 2_000_000_000, Key)).Message,
            StringComparison.Ordinal);

        var cache = new KvCache(2, CacheElement.Float32, null, Key, Value);
        Assert.Contains("expected 2 rows as in the cache, got 3", Assert.Throws<ArgumentException>(() => cache.Extend(TokenRows.Uniform(3, 1))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => cache.Extend(TokenRows.Core(2, 1, 4)));
        Assert.Throws<ArgumentNullException>(() => cache.Extend(null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Reserve(-1));
        TokenRows extended = cache.Extend();
        Assert.Throws<ArgumentException>(() => cache.Extend(extended));
        extended = cache.Extend();
        Assert.Throws<ArgumentException>(() => cache.Append(0, new float[12], TokenRows.Uniform(2, 1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Append(2, new float[12], extended));
        Assert.Contains("values: expected [2, 1, 2, 3] = 12 elements, got 11", Assert.Throws<ArgumentException>(() => cache.Append(0, new float[11], extended)).Message, StringComparison.Ordinal);
        cache.Append(0, new float[12], extended);
        Assert.Contains("'value' has not been appended", Assert.Throws<InvalidOperationException>(() => cache.Commit(extended)).Message, StringComparison.Ordinal);
        cache.Append(1, new float[4], extended);
        cache.Commit(extended);
        Assert.Throws<ArgumentException>(() => cache.Commit(extended));
        Assert.Throws<ArgumentException>(() => cache.Append(0, new float[12], extended));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Read(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.View<float>(-1));
        Assert.Contains("stores float, not UInt16", Assert.Throws<InvalidOperationException>(() => cache.View<ushort>(0)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Length(2));
        Assert.Contains("row 0 holds 1 tokens and can keep 0 to 1, got 2", Assert.Throws<ArgumentOutOfRangeException>(() => cache.Truncate(0, 2)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Truncate(0, -1));
    }

    [Theory]
    [InlineData(CacheElement.Float32, false)]
    [InlineData(CacheElement.BFloat16, true)]
    public void StepsAllocateNothing(CacheElement element, bool segments)
    {
        var cache = new KvCache(2, element, 100, Key, Value);
        TokenRows block = segments ? TokenRows.Ragged([1, 1], 1, segments: [4, 5]) : TokenRows.Uniform(2, 1);
        var keys = new float[12];
        var values = new float[4];
        int step = 0;
        Assert.Equal(0, WarmCalls.LeastBytes(GC.GetAllocatedBytesForCurrentThread, () =>
        {
            TokenRows extended = step++ % 2 == 0 ? cache.Extend(block) : cache.Extend();
            cache.Append(0, keys, extended);
            cache.Append(1, values, extended);
            cache.Commit(extended);
        }));
    }

    [Fact]
    public void AStepReadsCachedAndAppendedTokens()
    {
        foreach (KvCache cache in new[] { new KvCache(2, CacheElement.Float32, null, Value), new KvCache(2, CacheElement.BFloat16, new CachePaging(2), Value) })
        {
            Step(cache, TokenRows.Ragged([1, 3], 3), [1, 2, -1, -1, -1, -1, 3, 4, 5, 6, 7, 8]);
            TokenRows extended = cache.Extend(TokenRows.Ragged([3, 0], 3));
            var seen = new float[2 * 4 * 2];
            Array.Fill(seen, float.NaN);
            Assert.Contains("stream 'value' has not been appended", Assert.Throws<InvalidOperationException>(() => cache.Read(0, extended, seen)).Message, StringComparison.Ordinal);
            cache.Append(0, [9, 10, 11, 12, 13, 14, -1, -1, -1, -1, -1, -1], extended);
            Assert.Contains("values: expected [2, 4, 1, 2]", Assert.Throws<ArgumentException>(() => cache.Read(0, extended, seen[..15])).Message, StringComparison.Ordinal);
            Assert.Throws<ArgumentOutOfRangeException>(() => cache.Read(1, extended, seen));
            Assert.All(seen, number => Assert.Equal(float.NaN, number));
            cache.Read(0, extended, seen);
            Assert.Equal([1, 2, 9, 10, 11, 12, 13, 14, /**/ 3, 4, 5, 6, 7, 8, 0, 0], seen);
            cache.Commit(extended);
            Assert.Equal(seen, cache.Read(0));
            Assert.Throws<ArgumentException>(() => cache.Read(0, extended, seen));
        }
    }

    private static void Step(KvCache cache, TokenRows block, float[] values)
    {
        TokenRows extended = cache.Extend(block);
        cache.Append(0, values, extended);
        for (int s = 1; s < cache.Streams.Count; s++)
        {
            cache.Append(s, new float[block.Batch * block.Tokens * (int)cache.Streams[s].ScalarsPerToken], extended);
        }

        cache.Commit(extended);
    }
}
