using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>A vector of pairs of one score head: several queries and one key, or one query and several keys. Indices are exact as floats up to 2^24.</summary>
/// <typeparam name="TLanes">The vector type.</typeparam>
public readonly ref struct PairLanes<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    private readonly TLanes _row;
    private readonly TLanes _column;
    private readonly int _firstRow;
    private readonly int _lastRow;
    private readonly int _firstColumn;
    private readonly int _lastColumn;
    private readonly int _head;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal PairLanes(TLanes row, TLanes column, int firstRow, int lastRow, int columnIndex, int head)
    {
        _row = row;
        _column = column;
        _firstRow = firstRow;
        _lastRow = lastRow;
        _firstColumn = columnIndex;
        _lastColumn = columnIndex;
        _head = head;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal PairLanes(int row, TLanes column, int firstColumn, int lastColumn, int head)
    {
        _row = TLanes.Broadcast(row);
        _column = column;
        _firstRow = row;
        _lastRow = row;
        _firstColumn = firstColumn;
        _lastColumn = lastColumn;
        _head = head;
    }

    /// <summary>Absolute row of the query in each lane.</summary>
    public TLanes Row
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _row;
    }

    /// <summary>Index of the key in each lane.</summary>
    public TLanes Column
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _column;
    }

    /// <summary>Score head.</summary>
    public TLanes Head
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TLanes.Broadcast(_head);
    }

    /// <summary>table[column] in each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes OfColumn(ReadOnlySpan<float> table) =>
        _firstColumn == _lastColumn ? TLanes.Broadcast(table[_firstColumn]) : Gather(table, _firstColumn, _lastColumn);

    /// <summary>table[head].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes OfHead(ReadOnlySpan<float> table) => TLanes.Broadcast(table[_head]);

    /// <summary>table[row] in each lane.</summary>
    public TLanes OfRow(ReadOnlySpan<float> table) =>
        _firstRow == _lastRow ? TLanes.Broadcast(table[_firstRow]) : Gather(table, _firstRow, _lastRow);

    private static TLanes Gather(ReadOnlySpan<float> table, int first, int last)
    {
        Span<float> values = stackalloc float[TLanes.Count];
        for (int lane = 0; lane < values.Length; lane++)
        {
            // Lanes past the last index repeat it.
            values[lane] = table[Math.Min(first + lane, last)];
        }

        return TLanes.From(values);
    }
}
