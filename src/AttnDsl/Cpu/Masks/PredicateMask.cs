using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>An expression of row, column and head is not negative.</summary>
public readonly struct PredicateMask<T> : IPairMask
    where T : struct, IScoreNode
{
    private readonly T _notNegative;

    internal PredicateMask(T notNegative) => _notNegative = notNegative;

    /// <inheritdoc/>
    public bool RangeIsExact => false;

    /// <inheritdoc/>
    public bool Segments => false;

    /// <inheritdoc/>
    public KeyRange Range(int row) => KeyRange.All;

    /// <inheritdoc/>
    public PairClass Classify(int firstRow, int lastRow, int firstKey, int lastKey) => PairClass.Partial;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Visible<TLanes>(in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> =>
            TLanes.LessOrEqual(TLanes.Broadcast(0), _notNegative.Of(TLanes.Broadcast(0), pair));
}
