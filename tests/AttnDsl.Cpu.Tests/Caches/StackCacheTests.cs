using System;
using System.Linq;

namespace AttnDsl.Cpu.Tests.Caches;

/// <summary>Several layers on one stack: one length, one set of pages, one step at a time.</summary>
public class StackCacheTests
{
    private static readonly CacheStream s_key = new("k", 1, 2);

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void AStepCountsWhenEveryLayerHasTakenIt(int pageSize)
    {
        (StackCache stack, KvCache first, KvCache second) = Two(pageSize);
        TokenRows block = TokenRows.Ragged([3, 1], 3);
        Take(first, block, 100);
        Assert.Equal((0, 0), (stack.Length(0), second.Length(1)));
        Take(second, TokenRows.Ragged([3, 1], 3), 200);
        Assert.Equal((3, 1, 3), (stack.Length(0), stack.Length(1), first.Length(0)));
        Assert.Equal(200, second.Read(0)[0]);
        Assert.Equal(100, first.Read(0)[0]);
        stack.Fork(0, 1);
        Take(first, TokenRows.Uniform(2, 1), 300);
        Take(second, TokenRows.Uniform(2, 1), 400);

        // Both rows began alike and end with their own token, in both layers.
        Assert.Equal([100f, 101, 102, 103, 104, 105, 300, 301, 100, 101, 102, 103, 104, 105, 302, 303], first.Read(0));
        Assert.Equal([200f, 201, 202, 203, 204, 205, 400, 401, 200, 201, 202, 203, 204, 205, 402, 403], second.Read(0));
        Assert.Equal(2 * s_key.ScalarsPerToken, stack.ScalarsPerToken);
        Assert.Equal(first.Bytes + second.Bytes, stack.Bytes);
        if (pageSize > 0)
        {
            Assert.Equal(2, stack.Pages!.Value.Held);
            Assert.Same(stack, second.Stack);
        }
    }

    [Fact]
    public void ASnapshotHoldsAllLayers()
    {
        (StackCache stack, KvCache first, KvCache second) = Two(4);
        Step(first, second, 5, 10);
        using CacheSnapshot snapshot = stack.Snapshot();
        (float[] before, float[] other) = (first.Read(0), second.Read(0));
        stack.Truncate(0, 1);
        Step(first, second, 9, 500);
        stack.Restore(snapshot);
        Assert.Equal(before, first.Read(0));
        Assert.Equal(other, second.Read(0));
        stack.Reset();
        Assert.Equal(stack.Pages!.Value.Held, stack.Pages!.Value.Total - stack.Pages!.Value.Free);
        snapshot.Dispose();
        Assert.Equal(0, stack.Pages!.Value.Held);
        Assert.Throws<ObjectDisposedException>(() => stack.Restore(snapshot));
    }

    [Fact]
    public void ALayerThatGoesAheadIsRefusedUntilTheStepIsGivenUp()
    {
        (StackCache stack, KvCache first, KvCache second) = Two(0);
        Take(first, TokenRows.Uniform(2, 1), 1);
        Assert.Contains("1 of 2 layers have not", Assert.Throws<InvalidOperationException>(() => first.Extend()).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("block", () => second.Extend(TokenRows.Uniform(2, 2)));
        Assert.Throws<ArgumentException>("block", () => second.Extend(TokenRows.Ragged([1, 1], 1, [7, 7])));
        stack.Abandon();
        Assert.Equal(0, stack.Length(0));
        Step(first, second, 2, 50);
        Assert.Equal((2, 50f), (stack.Length(0), first.Read(0)[0]));

        // A step that no layer has finished may simply begin again.
        first.Extend();
        Step(first, second, 1, 60);
        Assert.Equal(3, stack.Length(1));
    }

    [Fact]
    public void ALayerMayNotGoItsOwnWay()
    {
        (StackCache stack, KvCache first, KvCache second) = Two(4);
        Step(first, second, 2, 0);
        Assert.Throws<InvalidOperationException>(() => first.Truncate(0, 1));
        Assert.Throws<InvalidOperationException>(() => first.Reset());
        Assert.Throws<InvalidOperationException>(() => first.Reset(0));
        Assert.Throws<InvalidOperationException>(() => first.Fork(0, 1));
        Assert.Throws<InvalidOperationException>(() => first.Reorder([1, 0]));
        Assert.Throws<InvalidOperationException>(() => first.Reserve(1));
        Assert.Throws<InvalidOperationException>(() => first.Snapshot());
        Assert.Throws<InvalidOperationException>(() => new KvCache(stack, CacheElement.Float32, s_key));
        Assert.Equal(2, stack.Length(0));
    }

    private static (StackCache Stack, KvCache First, KvCache Second) Two(int pageSize)
    {
        StackCache stack = pageSize == 0 ? new StackCache(2) : new StackCache(2, new CachePaging(pageSize));
        return (stack, new KvCache(stack, CacheElement.Float32, s_key), new KvCache(stack, CacheElement.Float32, s_key));
    }

    private static void Step(KvCache first, KvCache second, int tokens, float from)
    {
        TokenRows block = TokenRows.Uniform(2, tokens);
        Take(first, block, from);
        Take(second, block, from + 1000);
    }

    /// <summary>Appends numbers that count up, [B, T, 1, 2].</summary>
    private static void Take(KvCache cache, TokenRows block, float from)
    {
        TokenRows extended = cache.Extend(block);
        cache.Append(0, [.. Enumerable.Range(0, 2 * block.Tokens * 2).Select(i => from + i)], extended);
        cache.Commit(extended);
    }
}
