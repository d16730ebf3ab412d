using System;
using AttnDsl.Cpu;

namespace AttnDsl;

/// <summary>[pages, heads, pageSize, width]: a row's tokens lie in the pages that its table names.</summary>
internal sealed class PagedStore<T, TElement>(PageTables tables, CacheStream stream) : KvStore<T>(stream), IPagedStore
    where T : unmanaged
    where TElement : struct, IKvElement<T>
{
    private KvMemory<T> _memory;

    public override long Bytes => _memory.Bytes;

    public override HeadRows<T> View
    {
        get
        {
            long head = (long)tables.PageSize * Stream.Width;
            return HeadRows<T>.Paged(_memory.Values, tables.Numbers, tables.PagesPerRow, tables.PageSize, head * Stream.Heads, Stream.Width, head);
        }
    }

    public void Grow(int pages)
    {
        var memory = new KvMemory<T>(Elements(" a page", pages, tables.PageSize));
        _memory.Values.CopyTo(memory.Values);
        _memory = memory;
    }

    public void CopyPage(int from, int to, int tokens)
    {
        for (int head = 0; head < Stream.Heads; head++)
        {
            Place(from, head, 0, tokens).CopyTo(Place(to, head, 0, tokens));
        }
    }

    public override void Write(int row, int start, int count, ReadOnlySpan<float> values)
    {
        int width = Stream.Width;
        for (int token = 0; token < count; token++)
        {
            (int entry, int place) = Math.DivRem(start + token, tables.PageSize);
            int page = tables.Page(row, entry);
            for (int head = 0; head < Stream.Heads; head++)
            {
                TElement.Store(values.Slice(((token * Stream.Heads) + head) * width, width), Place(page, head, place, 1));
            }
        }
    }

    public override void Read(int row, int token, Span<float> values)
    {
        (int entry, int place) = Math.DivRem(token, tables.PageSize);
        for (int head = 0; head < Stream.Heads; head++)
        {
            TElement.Load(Place(tables.Page(row, entry), head, place, 1), values.Slice(head * Stream.Width, Stream.Width));
        }
    }

    private Span<T> Place(int page, int head, int token, int count) =>
        _memory.Values.Slice(checked(((((page * Stream.Heads) + head) * tables.PageSize) + token) * Stream.Width), count * Stream.Width);
}

/// <summary>What a paged placement does with stores of any element.</summary>
internal interface IPagedStore
{
    /// <summary>More pages; what the others hold is kept. Throws before anything changes.</summary>
    void Grow(int pages);

    /// <summary>Copies a page's first tokens to another page.</summary>
    void CopyPage(int from, int to, int tokens);
}
