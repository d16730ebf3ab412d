using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>The scaled score itself.</summary>
public readonly struct ScoreValue : IScoreNode
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => score;
}

/// <summary>Absolute index of the query among its keys.</summary>
public readonly struct RowIndex : IScoreNode
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => pair.Row;
}

/// <summary>Index of the key.</summary>
public readonly struct ColumnIndex : IScoreNode
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => pair.Column;
}

/// <summary>Score head.</summary>
public readonly struct HeadIndex : IScoreNode
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => pair.Head;
}

/// <summary>A number.</summary>
public readonly struct ConstantScore : IScoreNode
{
    private readonly float _value;

    internal ConstantScore(float value) => _value = value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Broadcast(_value);
}

/// <summary>A table's entry of the row.</summary>
public readonly struct RowTable : IScoreNode
{
    private readonly float[] _table;

    internal RowTable(float[] table) => _table = table;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => pair.OfRow(_table);
}

/// <summary>A table's entry of the column.</summary>
public readonly struct ColumnTable : IScoreNode
{
    private readonly float[] _table;

    internal ColumnTable(float[] table) => _table = table;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => pair.OfColumn(_table);
}

/// <summary>A table's entry of the head.</summary>
public readonly struct HeadTable : IScoreNode
{
    private readonly float[] _table;

    internal HeadTable(float[] table) => _table = table;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => pair.OfHead(_table);
}
