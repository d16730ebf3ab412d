using System.Linq;

namespace AttnDsl.Conformance.Tests.Runtime;

/// <summary>Positions of cached keys: the ids they came with, else their places among all tokens of the row; they go where their row goes.</summary>
public sealed class KeyPositionTests
{
    private static readonly CacheStream[] s_streams = [new("k", 1, 1)];

    [Fact]
    public void A_block_of_its_own_has_the_positions_that_were_given()
    {
        Assert.Equal([0, 1, 2], Positions(TokenRows.Uniform(1, 3), 0));
        Assert.Equal([7, 5, 9], Positions(TokenRows.Ragged([3], 3, positions: [7, 5, 9]), 0));
    }

    [Fact]
    public void The_references_cache_keeps_the_ids()
    {
        var cache = new ReferenceCache<double>(2, s_streams);
        void Step(TokenRows block)
        {
            TokenRows rows = cache.Extend(block);
            cache.Append(0, new double[block.Batch * block.Tokens], rows);
            cache.Commit(rows);
        }

        Step(TokenRows.Uniform(2, 2));
        Step(TokenRows.Ragged([2, 1], 2, positions: [40, 41, 50, 0]));
        cache.Truncate(0, 3);
        TokenRows rows = cache.Extend(TokenRows.Uniform(2, 1));
        Assert.Equal([0, 1, 40, 3], Positions(rows, 0));
        Assert.Equal([0, 1, 50, 3], Positions(rows, 1));
        cache.Reset();
        Assert.Equal([0], Positions(cache.Extend(TokenRows.Uniform(2, 1)), 1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Rows_take_their_ids_along(bool paged)
    {
        KvCache cache = paged ? new(2, CacheElement.Float32, new CachePaging(2, null), s_streams) : new(2, CacheElement.Float32, (int?)null, s_streams);
        Step(cache, TokenRows.Uniform(2, 2));
        Step(cache, TokenRows.Ragged([2, 1], 2, positions: [40, 41, 50, 0]));
        using CacheSnapshot snapshot = cache.Snapshot();
        Assert.Equal([0, 1, 40, 41, 4], Positions(cache.Extend(), 0));
        cache.Reorder([1, 0]);
        Assert.Equal([0, 1, 50, 3], Positions(cache.Extend(), 0));
        cache.Fork(1, 0);
        cache.Truncate(0, 3);
        Assert.Equal([0, 1, 40, 3], Positions(cache.Extend(), 0));
        cache.Restore(snapshot);
        Assert.Equal([0, 1, 50, 3], Positions(cache.Extend(), 1));
        cache.Reset();
        Assert.Equal([0], Positions(cache.Extend(), 0));
    }

    [Fact]
    public void Keys_of_a_ring_keep_the_positions_of_all_tokens()
    {
        KvCache cache = new(1, CacheElement.Float32, new CacheRing(2, 1), s_streams);
        for (int step = 0; step < 6; step++)
        {
            Step(cache, TokenRows.Uniform(1, 1));
        }

        int[] positions = Positions(cache.Extend(), 0);
        Assert.Equal(0, positions[0]);
        Assert.Equal([.. Enumerable.Range(6 - (positions.Length - 2), positions.Length - 1)], positions[1..]);
    }

    private static void Step(KvCache cache, TokenRows block)
    {
        TokenRows rows = cache.Extend(block);
        cache.Append(0, new float[block.Batch * block.Tokens], rows);
        cache.Commit(rows);
    }

    private static int[] Positions(TokenRows rows, int row) => [.. Enumerable.Range(0, rows.KeyCount(row)).Select(key => rows.KeyPosition(row, key))];
}
