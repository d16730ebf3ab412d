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
