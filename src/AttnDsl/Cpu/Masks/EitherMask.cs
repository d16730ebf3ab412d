using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>Either mask holds: atoms of a clause.</summary>
public readonly struct EitherMask<TA, TB> : IPairMask
    where TA : struct, IPairMask
    where TB : struct, IPairMask
{
    private readonly TA _a;
    private readonly TB _b;

    internal EitherMask(TA a, TB b)
    {
        _a = a;
        _b = b;
    }

    /// <inheritdoc/>
    public bool RangeIsExact => false;

    /// <inheritdoc/>
    public bool Segments => false;

    /// <inheritdoc/>
    public KeyRange Range(int row)
    {
        KeyRange a = _a.Range(row);
        KeyRange b = _b.Range(row);
        return new(Math.Min(a.First, b.First), Math.Max(a.End, b.End));
    }

    /// <inheritdoc/>
    public PairClass Classify(int firstRow, int lastRow, int firstKey, int lastKey)
    {
        PairClass a = _a.Classify(firstRow, lastRow, firstKey, lastKey);
        PairClass b = _b.Classify(firstRow, lastRow, firstKey, lastKey);
        return a == PairClass.All || b == PairClass.All ? PairClass.All : a == PairClass.None && b == PairClass.None ? PairClass.None : PairClass.Partial;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Visible<TLanes>(in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Or(_a.Visible(pair), _b.Visible(pair));
}
