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

    /// <summary>The first tokens of the rows as codes, or null.</summary>
    public QuantizedRows? Quantized;

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
        Quantized = rows.Quantized,
    };

    /// <summary>Whether runs of <paramref name="tokens"/> tokens, the first a multiple of that, may lie in pieces or be codes.</summary>
    public readonly bool IsScattered(int tokens) => Quantized is not null || Starts != null || (Pages != null && PageSize % tokens != 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly T* At(int row, int token, int head)
    {
        if (Pages == null)
        {
            long place = Quantized is not null ? token - Quantized.Bases[row] : Starts == null || token < Sinks ? token : Place(row, token);
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
        : Pages != null ? Math.Min(most, PageSize - (token % PageSize))
        : Starts == null ? most
        : token < Sinks ? Math.Min(most, Sinks - token)
        : Math.Min(most, Sinks + Slots - Place(row, token));

    private readonly int Place(int row, int token) => Sinks + (int)((Starts[row] + (long)token - Sinks) % Slots);
}
