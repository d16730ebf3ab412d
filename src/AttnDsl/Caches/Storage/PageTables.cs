using System;
using System.Collections.Generic;

namespace AttnDsl;

/// <summary>
/// Who holds which page: one table of page numbers per row, how many tables hold a page, and which pages are free. The free page with the lowest number is always taken first. Bookkeeping only: memory belongs to stores.
/// The sum of the counts is the number of table entries in use, always.
/// </summary>
internal sealed class PageTables(int batch, int pageSize)
{
    private readonly int[] _held = new int[batch];
    private readonly PriorityQueue<int, int> _free = new();
    private int[] _numbers = new int[batch];
    private int[] _counts = [];
    private int[] _claims = [];

    /// <summary>Tokens of a page.</summary>
    public int PageSize => pageSize;

    /// <summary>Pages there are.</summary>
    public int Total => _counts.Length;

    /// <summary>Pages that no table holds.</summary>
    public int Free => _free.Count;

    /// <summary>Entries of a table.</summary>
    public int PagesPerRow { get; private set; } = 1;

    /// <summary>Page numbers [B, <see cref="PagesPerRow"/>]; entries behind those a row holds mean nothing.</summary>
    public ReadOnlySpan<int> Numbers => _numbers;

    /// <summary>Pages a row holds.</summary>
    public int Held(int row) => _held[row];

    /// <summary>A row's page.</summary>
    public int Page(int row, int entry) => _numbers[(row * PagesPerRow) + entry];

    /// <summary>How many tables, and snapshots, hold a page.</summary>
    public int Count(int page) => _counts[page];

    /// <summary>Pages that more than one table holds.</summary>
    public int Shared
    {
        get
        {
            int shared = 0;
            foreach (int count in _counts)
            {
                shared += count > 1 ? 1 : 0;
            }

            return shared;
        }
    }

    /// <summary>More pages, all free.</summary>
    public void AddPages(int pages)
    {
        int before = Total;
        Array.Resize(ref _counts, before + pages);
        Array.Resize(ref _claims, before + pages);
        for (int page = before; page < Total; page++)
        {
            _free.Enqueue(page, page);
        }
    }

    /// <summary>
    /// Free pages that it takes to append to rows: new ones, and a copy of a row's last page where that is shared and only partly filled. Of the rows that share such a page, the last one to write needs no copy
    /// unless somebody else holds the page too.
    /// </summary>
    /// <param name="lengths">Tokens of each row.</param>
    /// <param name="added">Tokens to append to each row.</param>
    public long Needed(ReadOnlySpan<int> lengths, ReadOnlySpan<int> added)
    {
        long needed = 0;
        for (int row = 0; row < batch; row++)
        {
            needed += Math.Max(0, Pages((long)lengths[row] + added[row]) - _held[row]);
            if (WritesShared(row, lengths[row], added[row], out int page))
            {
                _claims[page]++;
                needed += _claims[page] < _counts[page] ? 1 : 0;
            }
        }

        for (int row = 0; row < batch; row++)
        {
            if (WritesShared(row, lengths[row], added[row], out int page))
            {
                _claims[page] = 0;
            }
        }

        return needed;
    }

    /// <summary>Gives a row the pages for its tokens, a copy of its last page first where it must not write into that. There must be enough free pages.</summary>
    /// <param name="row">The row.</param>
    /// <param name="length">Its tokens.</param>
    /// <param name="added">Tokens to append.</param>
    /// <param name="copy">Receives (from, to) of the page that has to be copied.</param>
    /// <returns>Whether a page has to be copied.</returns>
    public bool Extend(int row, int length, int added, out (int From, int To) copy)
    {
        copy = default;
        bool copies = WritesShared(row, length, added, out int shared);
        if (copies)
        {
            copy = (shared, Take());
            _counts[shared]--;
            _numbers[(row * PagesPerRow) + (length / pageSize)] = copy.To;
        }

        int pages = (int)Pages((long)length + added);
        Widen(pages);
        while (_held[row] < pages)
        {
            _numbers[(row * PagesPerRow) + _held[row]++] = Take();
        }

        return copies;
    }

    /// <summary>Lets go of a row's pages that lie wholly behind its first tokens.</summary>
    public void Trim(int row, int length)
    {
        int pages = (int)Pages(length);
        while (_held[row] > pages)
        {
            Release(_numbers[(row * PagesPerRow) + --_held[row]]);
        }
    }

    /// <summary>A row holds the same pages as another one.</summary>
    public void Share(int from, int to, int length)
    {
        Trim(to, 0);
        Adopt(to, _numbers.AsSpan(from * PagesPerRow, (int)Pages(length)));
    }

    /// <summary>Row b holds what row sources[b] held.</summary>
    public void Arrange(ReadOnlySpan<int> sources, ReadOnlySpan<int> lengths)
    {
        int[] before = (int[])_numbers.Clone();
        int[] held = (int[])_held.Clone();
        for (int row = 0; row < batch; row++)
        {
            _held[row] = 0;
            Adopt(row, before.AsSpan(sources[row] * PagesPerRow, (int)Pages(lengths[row])));
        }

        for (int row = 0; row < batch; row++)
        {
            foreach (int page in before.AsSpan(row * PagesPerRow, held[row]))
            {
                Release(page);
            }
        }
    }

    /// <summary>Holds a row's pages once more.</summary>
    /// <returns>Their numbers, for <see cref="Adopt"/> and <see cref="Release(int)"/>.</returns>
    public int[] Keep(int row, int length)
    {
        int[] pages = _numbers.AsSpan(row * PagesPerRow, (int)Pages(length)).ToArray();
        foreach (int page in pages)
        {
            _counts[page]++;
        }

        return pages;
    }

    /// <summary>A row without pages holds these, too.</summary>
    public void Adopt(int row, ReadOnlySpan<int> pages)
    {
        // The pages may lie in the very tables that are widened.
        int[]? moved = pages.Length > PagesPerRow ? pages.ToArray() : null;
        Widen(pages.Length);
        pages = moved ?? pages;
        foreach (int page in pages)
        {
            _counts[page]++;
            _numbers[(row * PagesPerRow) + _held[row]++] = page;
        }
    }

    /// <summary>One holder less.</summary>
    public void Release(int page)
    {
        if (--_counts[page] == 0)
        {
            _free.Enqueue(page, page);
        }
    }

    public long Pages(long tokens) => (tokens + pageSize - 1) / pageSize;

    private int Take()
    {
        int page = _free.Dequeue();
        _counts[page] = 1;
        return page;
    }

    private bool WritesShared(int row, int length, int added, out int page)
    {
        page = -1;
        if (added == 0 || length % pageSize == 0)
        {
            return false;
        }

        page = Page(row, length / pageSize);
        return _counts[page] > 1;
    }

    private void Widen(int pages)
    {
        if (pages <= PagesPerRow)
        {
            return;
        }

        int entries = Math.Max(pages, 2 * PagesPerRow);
        var numbers = new int[checked(batch * entries)];
        for (int row = 0; row < batch; row++)
        {
            _numbers.AsSpan(row * PagesPerRow, _held[row]).CopyTo(numbers.AsSpan(row * entries));
        }

        _numbers = numbers;
        PagesPerRow = entries;
    }
}
