using System;
using System.Globalization;

namespace AttnDsl.Cpu;

/// <summary>
/// Head vectors [row, token, head, channel] anywhere in memory, channels next to each other: a dense block, or a cache in another order, read without a copy.
/// </summary>
/// <typeparam name="T"><see cref="float"/>, or <see cref="ushort"/> for bfloat16 bits, which are widened as they are read.</typeparam>
public readonly ref struct HeadRows<T>
    where T : unmanaged
{
    /// <summary>Vectors at row · rowStride + token · tokenStride + head · headStride.</summary>
    /// <param name="values">Memory.</param>
    /// <param name="rowStride">Elements from one batch row to the next; 0 shares one row.</param>
    /// <param name="tokenStride">Elements from one token to the next.</param>
    /// <param name="headStride">Elements from one head to the next.</param>
    public HeadRows(ReadOnlySpan<T> values, long rowStride, long tokenStride, long headStride)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rowStride);
        ArgumentOutOfRangeException.ThrowIfNegative(tokenStride);
        ArgumentOutOfRangeException.ThrowIfNegative(headStride);
        Values = values;
        RowStride = rowStride;
        TokenStride = tokenStride;
        HeadStride = headStride;
    }

    private HeadRows(ReadOnlySpan<T> values, ReadOnlySpan<int> pages, int pagesPerRow, int pageSize, long pageStride, long tokenStride, long headStride)
        : this(values, pageStride, tokenStride, headStride)
    {
        Pages = pages;
        PagesPerRow = pagesPerRow;
        PageSize = pageSize;
    }

    /// <summary>Memory.</summary>
    public ReadOnlySpan<T> Values { get; }

    /// <summary>Elements from one batch row to the next; from one page to the next where there are pages.</summary>
    public long RowStride { get; }

    /// <summary>Elements from one token to the next.</summary>
    public long TokenStride { get; }

    /// <summary>Elements from one head to the next.</summary>
    public long HeadStride { get; }

    /// <summary>Page of token t of row b: [b · <see cref="PagesPerRow"/> + t / <see cref="PageSize"/>]; empty where the tokens of a row follow each other.</summary>
    public ReadOnlySpan<int> Pages { get; }

    /// <summary>Entries of <see cref="Pages"/> per row.</summary>
    public int PagesPerRow { get; }

    /// <summary>Tokens of a page.</summary>
    public int PageSize { get; }

    /// <summary>Place in the ring of the first token behind the sinks, of each row; empty where tokens lie in no ring.</summary>
    public ReadOnlySpan<int> Starts { get; private init; }

    /// <summary>First tokens of a row, in front of the ring.</summary>
    public int Sinks { get; private init; }

    /// <summary>Places of the ring.</summary>
    public int Slots { get; private init; }

    /// <summary>The first tokens of a row at their own places, the others on a ring behind them: token t ≥ sinks at place sinks + (starts[row] + t − sinks) mod slots. At most slots tokens behind the sinks are read.</summary>
    /// <param name="values">Memory.</param>
    /// <param name="starts">For each row, from 0 to slots − 1.</param>
    /// <param name="sinks">At least 0.</param>
    /// <param name="slots">At least 1.</param>
    /// <param name="rowStride">Elements from one batch row to the next.</param>
    /// <param name="tokenStride">Elements from one place to the next.</param>
    /// <param name="headStride">Elements from one head to the next.</param>
    public static HeadRows<T> Ring(ReadOnlySpan<T> values, ReadOnlySpan<int> starts, int sinks, int slots, long rowStride, long tokenStride, long headStride)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sinks);
        ArgumentOutOfRangeException.ThrowIfLessThan(slots, 1);
        if (starts.IsEmpty || starts.ContainsAnyExceptInRange(0, slots - 1))
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"starts: expected a place from 0 to {slots - 1} for every row"), nameof(starts));
        }

        return new(values, rowStride, tokenStride, headStride) { Starts = starts, Sinks = sinks, Slots = slots };
    }
    /// <summary>Where the first tokens of the rows are codes: they are read from here, and vectors are those of the tokens behind.</summary>
    internal QuantizedRows? Quantized { get; init; }

    /// <summary>Tokens scattered over pages: vectors at page(b, t) · pageStride + (t mod pageSize) · tokenStride + head · headStride. Page numbers of tokens that are read must be right; they are not checked one by one.</summary>
    /// <param name="values">Memory of all pages.</param>
    /// <param name="pages">Page numbers [rows, pagesPerRow].</param>
    /// <param name="pagesPerRow">Entries per row, at least 1.</param>
    /// <param name="pageSize">Tokens of a page, at least 1.</param>
    /// <param name="pageStride">Elements from page to page.</param>
    /// <param name="tokenStride">Elements from one token of a page to the next.</param>
    /// <param name="headStride">Elements from one head to the next.</param>
    public static HeadRows<T> Paged(ReadOnlySpan<T> values, ReadOnlySpan<int> pages, int pagesPerRow, int pageSize, long pageStride, long tokenStride, long headStride)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pagesPerRow, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(pageSize, 1);
        if (pages.IsEmpty)
        {
            throw new ArgumentException("pages: expected at least one page number, got none", nameof(pages));
        }

        return new(values, pages, pagesPerRow, pageSize, pageStride, tokenStride, headStride);
    }

    /// <summary>What says where tokens lie: pages, or starts.</summary>
    internal ReadOnlySpan<int> Places => Pages.IsEmpty ? Starts : Pages;

    /// <summary>A dense block [rows, tokens, heads, width].</summary>
    public static HeadRows<T> Dense(ReadOnlySpan<T> values, int tokens, int heads, int width) =>
        new(values, (long)tokens * heads * width, (long)heads * width, width);

    /// <summary>Throws unless every vector of the extents lies in memory.</summary>
    internal void Check(string parameter, int rows, int tokens, int heads, int width)
    {
        if (typeof(T) != typeof(float) && typeof(T) != typeof(ushort))
        {
            throw new NotSupportedException($"{parameter}: expected float, or ushort for bfloat16 bits, got {typeof(T).Name}");
        }

        if (!Pages.IsEmpty)
        {
            CheckPages(parameter, rows, tokens);
            return;
        }

        if (Quantized is not null)
        {
            Quantized.Check(parameter, rows, tokens, heads, width);
            return;
        }

        if (!Starts.IsEmpty)
        {
            if (Starts.Length < rows || tokens > (long)Sinks + Slots)
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"{parameter}: expected the starts of {rows} rows and room for {tokens} tokens, got {Starts.Length} starts and {Sinks} + {Slots} places"),
                    parameter);
            }

            tokens = tokens == 0 ? 0 : Sinks + Slots;
        }

        long needed = ((rows - 1) * RowStride) + ((tokens - 1) * TokenStride) + ((heads - 1) * HeadStride) + width;
        if (rows > 0 && tokens > 0 && Values.Length < needed)
        {
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{parameter}: expected [{rows}, {tokens}, {heads}, {width}] with strides {RowStride}, {TokenStride}, {HeadStride}, which is {needed} elements, got {Values.Length}"),
                parameter);
        }
    }

    private void CheckPages(string parameter, int rows, int tokens)
    {
        long entries = (long)rows * PagesPerRow;
        if (Pages.Length < entries || (long)PagesPerRow * PageSize < tokens)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"{parameter}: expected page numbers of {rows} rows of {tokens} tokens, got {Pages.Length} entries, {PagesPerRow} a row, of {PageSize} tokens"),
                parameter);
        }
    }
}
