using System;
using System.Globalization;

namespace AttnDsl;

/// <summary>Rows take pages of a common pool as they grow; rows that began alike share theirs until one of them writes.</summary>
internal sealed class PagedPlacement : KvPlacement
{
    private const int FirstPages = 16;

    private readonly int _batch;
    private readonly bool _growing;

    // Tokens whose pages a row keeps although it has fewer: what was reserved.
    private readonly int[] _reserved;

    public PagedPlacement(int batch, CachePaging paging)
    {
        Tables = new PageTables(batch, paging.PageSize);
        _batch = batch;
        _growing = paging.Pages is null;
        _reserved = new int[batch];
        Tables.AddPages(paging.Pages ?? 0);
    }

    public PageTables Tables { get; }

    public override int Capacity => (int)Math.Min(int.MaxValue, (long)Tables.Total * Tables.PageSize);

    public override void MakeRoom(string parameter, ReadOnlySpan<int> lengths, ReadOnlySpan<int> added, bool kept)
    {
        for (int row = 0; row < _batch; row++)
        {
            if ((long)lengths[row] + added[row] > Array.MaxLength)
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"{parameter}: row {row} holds {lengths[row]} tokens and takes {Array.MaxLength - lengths[row]} more, got {added[row]}"), parameter);
            }

            // Pages of a step that was abandoned go back.
            Tables.Trim(row, Math.Max(lengths[row], _reserved[row]));
        }

        long needed = Tables.Needed(lengths, added);
        if (needed > Tables.Free)
        {
            AddPages(parameter, needed);
        }

        for (int row = 0; row < _batch; row++)
        {
            if (Tables.Extend(row, lengths[row], added[row], out (int From, int To) copy))
            {
                foreach (KvStore store in Stores)
                {
                    ((IPagedStore)store).CopyPage(copy.From, copy.To, lengths[row] % Tables.PageSize);
                }
            }

            _reserved[row] = kept ? lengths[row] + added[row] : _reserved[row];
        }
    }

    public override void Trim(int row, int length)
    {
        _reserved[row] = 0;
        Tables.Trim(row, length);
    }

    public override void Fork(int from, int to, int length)
    {
        _reserved[to] = 0;
        Tables.Share(from, to, length);
    }

    public override void Arrange(ReadOnlySpan<int> sources, ReadOnlySpan<int> lengths)
    {
        Array.Clear(_reserved);
        Tables.Arrange(sources, lengths);
    }

    public override KvKept Keep(ReadOnlySpan<int> lengths)
    {
        var pages = new int[_batch][];
        for (int row = 0; row < _batch; row++)
        {
            pages[row] = Tables.Keep(row, lengths[row]);
        }

        return new Holds(Tables, pages);
    }

    public override void Restore(KvKept kept, ReadOnlySpan<int> lengths)
    {
        int[][] pages = ((Holds)kept).OfRows;
        for (int row = 0; row < _batch; row++)
        {
            Trim(row, 0);
            Tables.Adopt(row, pages[row]);
        }
    }

    protected override KvStore Create(CacheElement element, CacheStream stream)
    {
        if (stream.Quantization is not null)
        {
            throw new ArgumentException($"streams: '{stream.Name}' is quantized, which needs contiguous storage: a page may be shared, and the tokens of one row would change their form under another", "streams");
        }

        KvStore store = element == CacheElement.Float32 ? new PagedStore<float, SingleElement>(Tables, stream) : new PagedStore<ushort, BFloat16Element>(Tables, stream);
        if (Tables.Total > 0)
        {
            ((IPagedStore)store).Grow(Tables.Total);
        }

        return store;
    }

    private void AddPages(string parameter, long needed)
    {
        long total = Tables.Total + needed - Tables.Free;
        if (!_growing || total > Array.MaxLength)
        {
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{parameter}: the new tokens take {needed} more pages of {Tables.PageSize} tokens, and {Tables.Free} of {Tables.Total} pages are free"),
                parameter);
        }

        GrowTo((int)Math.Max(total, Math.Max(FirstPages, Math.Min(2L * Tables.Total, MostPages()))));
    }

    private void GrowTo(int pages)
    {
        foreach (KvStore store in Stores)
        {
            ((IPagedStore)store).Grow(pages);
        }

        Tables.AddPages(pages - Tables.Total);
    }

    /// <summary>What the largest stream leaves room for: doubling stops there.</summary>
    private long MostPages()
    {
        long most = Array.MaxLength;
        foreach (KvStore store in Stores)
        {
            most = Math.Min(most, KvMemory<byte>.Most / (Tables.PageSize * store.Stream.ScalarsPerToken));
        }

        return most;
    }

    private sealed class Holds(PageTables tables, int[][] ofRows) : KvKept
    {
        public int[][] OfRows => ofRows;

        public override void Release()
        {
            foreach (int[] pages in ofRows)
            {
                foreach (int page in pages)
                {
                    tables.Release(page);
                }
            }
        }
    }
}
