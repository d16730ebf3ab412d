using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Conformance.Tests.Goldens;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Caches;

/// <summary>The recorded history of a paged cache, operation by operation: tables, lengths, holders, written places and contents, exactly.</summary>
[Collection(GoldenTests.Name)]
public sealed class PagedTraceTests(ITestOutputHelper output)
{
    private const string Recording = "kv-cache-paged-fork-rollback";
    private const int Rows = 4;
    private const int Pages = 16;
    private const int PageSize = 4;

    [Fact]
    public void Every_operation_leaves_the_recorded_books()
    {
        GoldenSummary.Count(Recording, present: false);
        string? path = Shared.Find($"goldens/{Recording}.safetensors", output);
        GoldenSummary.Count(Recording, path is not null);
        if (path is null)
        {
            return;
        }

        using SafetensorsFile file = SafetensorsFile.Open(path);
        long[][] operations = [.. file.ReadInt64("ops").Chunk(3)];
        long[][] tables = [.. file.ReadInt64("block_table").Chunk(Rows * 3)];
        long[][] lengths = [.. file.ReadInt64("seq_len").Chunk(Rows)];
        long[][] counts = [.. file.ReadInt64("ref_count").Chunk(Pages)];
        long[][] written = [.. file.ReadInt64("slots_written").Chunk(6)];

        // A token's one scalar is its number.
        var cache = new KvCache(Rows, CacheElement.Float32, new CachePaging(PageSize, Pages), new CacheStream("token", 1, 1));
        int next = 0;
        for (int step = 0; step < operations.Length; step++)
        {
            int row = (int)operations[step][1];
            int argument = (int)operations[step][2];
            List<long> slots = [];
            switch (operations[step][0])
            {
                case 0:
                    Append(cache, row, [.. Enumerable.Range(next, argument).Select(token => (float)token)], slots);
                    next += argument;
                    break;
                case 1:
                    cache.Fork(row, argument);
                    break;
                case 2:
                    cache.Truncate(row, argument);
                    break;
                default:
                    cache.Reset(row);
                    break;
            }

            PageTables books = cache.Tables!;
            Assert.Equal(lengths[step], Enumerable.Range(0, Rows).Select(r => (long)cache.Length(r)));
            Assert.Equal(counts[step], Enumerable.Range(0, Pages).Select(page => (long)books.Count(page)));
            Assert.Equal(counts[step].Sum(), cache.Pages!.Value.Entries);
            Assert.Equal(written[step].Where(slot => slot >= 0), slots);
        }

        // The recording holds every row's last table at each step: only the last one is what the books said then. Before it, counts and written places name the pages.
        Assert.Equal(tables[^1], Enumerable.Range(0, Rows).SelectMany(r => Enumerable.Range(0, 3).Select(entry => entry < cache.Tables!.Held(r) ? (long)cache.Tables.Page(r, entry) : -1)));

        float[] tokens = cache.Read(0);
        int longest = Enumerable.Range(0, Rows).Max(cache.Length);
        long[][] expected = [.. file.ReadInt64("final_tokens").Chunk(10)];
        for (int row = 0; row < Rows; row++)
        {
            Assert.Equal(expected[row].Where(token => token >= 0), tokens.AsSpan(row * longest, cache.Length(row)).ToArray().Select(token => (long)token));
        }

        // Places that were never written have no content that could be compared.
        long[] pool = file.ReadInt64("final_pool");
        float[] memory = cache.View<float>(0).Values.ToArray();
        Assert.All(Enumerable.Range(0, pool.Length).Where(slot => pool[slot] >= 0), slot => Assert.Equal(pool[slot], (long)memory[slot]));
    }

    private static void Append(KvCache cache, int row, float[] tokens, List<long> slots)
    {
        int[] counts = new int[Rows];
        counts[row] = tokens.Length;
        TokenRows extended = cache.Extend(TokenRows.Ragged(counts, tokens.Length));
        float[] values = new float[Rows * tokens.Length];
        tokens.CopyTo(values, row * tokens.Length);
        cache.Append(0, values, extended);
        int from = cache.Length(row);
        cache.Commit(extended);
        for (int token = from; token < cache.Length(row); token++)
        {
            slots.Add(((long)cache.Tables!.Page(row, token / PageSize) * PageSize) + (token % PageSize));
        }
    }
}
