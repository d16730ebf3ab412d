using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>A vector of pairs: queries in the lanes, one key, one score head. Indices are exact as floats up to 2^24.</summary>
/// <typeparam name="TLanes">The vector type.</typeparam>
public readonly ref struct PairLanes<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    private readonly TLanes _row;
    private readonly TLanes _columns;
    private readonly int _firstRow;
    private readonly int _lastRow;
    private readonly int _column;
    private readonly int _head;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal PairLanes(TLanes row, TLanes columns, int firstRow, int lastRow, int column, int head)
    {
        _row = row;
        _columns = columns;
        _firstRow = firstRow;
        _lastRow = lastRow;
        _column = column;
        _head = head;
    }

    /// <summary>Absolute row of each query.</summary>
    public TLanes Row
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _row;
    }

    /// <summary>Index of the key.</summary>
    public TLanes Column
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _columns;
    }

    /// <summary>Score head.</summary>
    public TLanes Head
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TLanes.Broadcast(_head);
    }

    /// <summary>table[column].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes OfColumn(ReadOnlySpan<float> table) => TLanes.Broadcast(table[_column]);

    /// <summary>table[head].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes OfHead(ReadOnlySpan<float> table) => TLanes.Broadcast(table[_head]);

    /// <summary>table[row] of each query.</summary>
    public TLanes OfRow(ReadOnlySpan<float> table)
    {
        Span<float> values = stackalloc float[TLanes.Count];
        for (int lane = 0; lane < values.Length; lane++)
        {
            // Lanes past the last query repeat it.
            values[lane] = table[Math.Min(_firstRow + lane, _lastRow)];
        }

        return TLanes.From(values);
    }
}
