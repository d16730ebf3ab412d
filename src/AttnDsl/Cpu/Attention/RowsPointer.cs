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

    /// <summary>Places in the ring where the rows' tokens begin behind the sinks, or null: there is no ring.</summary>
    public int* Starts;
    public int Sinks;
    public int Slots;

    /// <param name="rows">What is held still.</param>
    /// <param name="values">Its memory.</param>
    /// <param name="places">Its pages, or its starts.</param>
    public static RowsPointer<T> Of(in HeadRows<T> rows, T* values, int* places) => new()
    {
        Values = values,
        RowStride = rows.RowStride,
        TokenStride = rows.TokenStride,
        HeadStride = rows.HeadStride,
        Pages = rows.Pages.IsEmpty ? null : places,
        PagesPerRow = rows.PagesPerRow,
        PageSize = rows.PageSize,
        Starts = rows.Starts.IsEmpty ? null : places,
        Sinks = rows.Sinks,
        Slots = rows.Slots,
    };

    /// <summary>Whether tokens may lie anywhere but one behind the other.</summary>
    public readonly bool IsScattered => Pages != null || Starts != null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly T* At(int row, int token, int head)
    {
        if (Pages == null)
        {
            long place = Starts == null || token < Sinks ? token : Place(row, token);
            return Values + (row * RowStride) + (place * TokenStride) + (head * HeadStride);
        }

        (int page, int offset) = Math.DivRem(token, PageSize);
        return Values + (Pages[((long)row * PagesPerRow) + page] * RowStride) + (offset * TokenStride) + (head * HeadStride);
    }

    /// <summary>Brings tokens together that lie in several pages, [count, width].</summary>
    public readonly void Gather(int row, int token, int count, int head, int width, T* target)
    {
        for (int i = 0; i < count; i++)
        {
            new ReadOnlySpan<T>(At(row, token + i, head), width).CopyTo(new Span<T>(target + (i * width), width));
        }
    }

    /// <summary>How many tokens from this one on, <paramref name="most"/> at most, lie <see cref="TokenStride"/> apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Run(int row, int token, int most) =>
        Pages != null ? Math.Min(most, PageSize - (token % PageSize))
        : Starts == null ? most
        : token < Sinks ? Math.Min(most, Sinks - token)
        : Math.Min(most, Sinks + Slots - Place(row, token));

    private readonly int Place(int row, int token) => Sinks + (int)((Starts[row] + (long)token - Sinks) % Slots);
}
