using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>row − left ≤ column ≤ row + right; right 0 and left unbounded is causal.</summary>
public readonly struct BandMask : IPairMask
{
    /// <summary>No bound on this side.</summary>
    public const int Unbounded = int.MaxValue;

    private readonly int _left;
    private readonly int _right;

    internal BandMask(int left, int right)
    {
        _left = left;
        _right = right;
    }

    /// <inheritdoc/>
    public bool RangeIsExact => true;

    /// <inheritdoc/>
    public bool Segments => false;

    /// <inheritdoc/>
    public KeyRange Range(int row) => new(_left == Unbounded ? 0 : Saturated((long)row - _left), _right == Unbounded ? int.MaxValue : Saturated((long)row + _right + 1));

    /// <inheritdoc/>
    public PairClass Classify(int firstRow, int lastRow, int firstKey, int lastKey)
    {
        KeyRange first = Range(firstRow);
        KeyRange last = Range(lastRow);
        return firstKey >= last.First && lastKey < first.End ? PairClass.All
            : lastKey < first.First || firstKey >= last.End ? PairClass.None
            : PairClass.Partial;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Visible<TLanes>(in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes distance = pair.Row - pair.Column;
        return TLanes.And(
            TLanes.LessOrEqual(distance, TLanes.Broadcast(_left == Unbounded ? float.PositiveInfinity : _left)),
            TLanes.LessOrEqual(TLanes.Broadcast(_right == Unbounded ? float.NegativeInfinity : -_right), distance));
    }

    private static int Saturated(long key) => (int)Math.Clamp(key, int.MinValue, int.MaxValue);
}
