using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>Query and key carry the same segment id.</summary>
public readonly struct SegmentMask : IPairMask
{
    /// <inheritdoc/>
    public bool RangeIsExact => true;

    /// <inheritdoc/>
    public bool Segments => true;

    /// <inheritdoc/>
    public KeyRange Range(int row) => KeyRange.All;

    /// <inheritdoc/>
    public PairClass Classify(int firstRow, int lastRow, int firstKey, int lastKey) => PairClass.All;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Visible<TLanes>(in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Equal(pair.Column, pair.Column);
}
