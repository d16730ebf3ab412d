using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>column &lt; count: the first keys of a row.</summary>
public readonly struct FirstKeysMask : IPairMask
{
    private readonly int _count;

    internal FirstKeysMask(int count) => _count = count;

    /// <inheritdoc/>
    public bool RangeIsExact => true;

    /// <inheritdoc/>
    public bool Segments => false;

    /// <inheritdoc/>
    public KeyRange Range(int row) => new(0, _count);

    /// <inheritdoc/>
    public PairClass Classify(int firstRow, int lastRow, int firstKey, int lastKey) =>
        lastKey < _count ? PairClass.All : firstKey >= _count ? PairClass.None : PairClass.Partial;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Visible<TLanes>(in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Less(pair.Column, TLanes.Broadcast(_count));
}
