using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>Both masks hold: clauses of a conjunction.</summary>
public readonly struct BothMask<TA, TB> : IPairMask
    where TA : struct, IPairMask
    where TB : struct, IPairMask
{
    private readonly TA _a;
    private readonly TB _b;

    internal BothMask(TA a, TB b)
    {
        _a = a;
        _b = b;
    }

    /// <inheritdoc/>
    public bool RangeIsExact => _a.RangeIsExact && _b.RangeIsExact;

    /// <inheritdoc/>
    public bool Segments => _a.Segments || _b.Segments;

    /// <inheritdoc/>
    public KeyRange Range(int row)
    {
        KeyRange a = _a.Range(row);
        KeyRange b = _b.Range(row);
        return new(Math.Max(a.First, b.First), Math.Min(a.End, b.End));
    }

    /// <inheritdoc/>
    public PairClass Classify(int firstRow, int lastRow, int firstKey, int lastKey)
    {
        PairClass a = _a.Classify(firstRow, lastRow, firstKey, lastKey);
        PairClass b = _b.Classify(firstRow, lastRow, firstKey, lastKey);
        return a == PairClass.None || b == PairClass.None ? PairClass.None : a == PairClass.All && b == PairClass.All ? PairClass.All : PairClass.Partial;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Visible<TLanes>(in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.And(_a.Visible(pair), _b.Visible(pair));
}
