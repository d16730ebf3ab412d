using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary><see cref="HeadRows{T}"/> held still for the time of a call.</summary>
internal unsafe struct RowsPointer<T>
    where T : unmanaged
{
    public T* Values;

    /// <summary>Elements from batch row to batch row, or from page to page where there are pages.</summary>
    public long RowStride;
    public long TokenStride;
    public long HeadStride;

    /// <summary>Page numbers [rows, <see cref="PagesPerRow"/>], or null: tokens of a row then follow each other.</summary>
    public int* Pages;
    public int PagesPerRow;
    public int PageSize;

    /// <summary>The first tokens of the rows as codes, or null.</summary>
    public QuantizedRows? Quantized;

    public static RowsPointer<T> Of(in HeadRows<T> rows, T* values, int* pages) => new()
    {
        Values = values,
        RowStride = rows.RowStride,
        TokenStride = rows.TokenStride,
        HeadStride = rows.HeadStride,
        Pages = rows.Pages.IsEmpty ? null : pages,
        PagesPerRow = rows.PagesPerRow,
        PageSize = rows.PageSize,
        Quantized = rows.Quantized,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly T* At(int row, int token, int head)
    {
        if (Pages == null)
        {
            int place = Quantized is null ? token : token - Quantized.Bases[row];
            return Values + (row * RowStride) + (place * TokenStride) + (head * HeadStride);
        }

        (int page, int offset) = Math.DivRem(token, PageSize);
        return Values + (Pages[((long)row * PagesPerRow) + page] * RowStride) + (offset * TokenStride) + (head * HeadStride);
    }

    /// <summary>Brings tokens together that lie in several pages or are codes, [count, width].</summary>
    public readonly void Gather(int row, int token, int count, int head, int width, T* target)
    {
        int codes = Quantized is null ? 0 : Math.Clamp(Quantized.Borders[row] - token, 0, count);
        if (codes > 0)
        {
            Quantized!.Read(row, token, codes, head, target);
        }

        for (int i = codes; i < count; i++)
        {
            new ReadOnlySpan<T>(At(row, token + i, head), width).CopyTo(new Span<T>(target + (i * width), width));
        }
    }

    /// <summary>How many tokens from this one on, <paramref name="most"/> at most, lie <see cref="TokenStride"/> apart; 0 where they are codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Run(int row, int token, int most) =>
        Quantized is not null && token < Quantized.Borders[row] ? 0
        : Pages == null ? most
        : Math.Min(most, PageSize - (token % PageSize));
}
