namespace AttnDsl.Cpu;

/// <summary>
/// Which pairs of query and key are visible. Never a dense matrix: made by <see cref="Masks"/>, or a struct of your own.
/// A pair is visible when <see cref="Visible"/> says so (which <see cref="Range"/> alone tells if <see cref="RangeIsExact"/>), and it carries equal segment ids if <see cref="Segments"/>.
/// Rows and keys are absolute: a row is the query's index among its keys, and may be negative.
/// </summary>
public interface IPairMask
{
    /// <summary>Whether <see cref="Range"/> is the whole truth; then <see cref="Classify"/> and <see cref="Visible"/> are only called where the mask is part of another.</summary>
    bool RangeIsExact { get; }

    /// <summary>Whether a pair must also carry equal segment ids.</summary>
    bool Segments { get; }

    /// <summary>The smallest range that holds every key the row sees.</summary>
    KeyRange Range(int row);

    /// <summary>What is known about all pairs of rows firstRow … lastRow and keys firstKey … lastKey; <see cref="PairClass.Partial"/> is always right.</summary>
    PairClass Classify(int firstRow, int lastRow, int firstKey, int lastKey);

    /// <summary>Lane mask of the visible pairs.</summary>
    TLanes Visible<TLanes>(in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes>;
}
