namespace AttnDsl.Cpu;

/// <summary>
/// Which pairs of query and key are visible. Implemented by generated structs; never a dense matrix.
/// A pair is visible when the key lies in the row's <see cref="Range"/>, carries the query's segment if <see cref="Segments"/>, and <see cref="Visible"/> says so if not <see cref="RangeIsExact"/>.
/// Rows and keys are absolute: a row is the query's index among its keys, and may be negative.
/// </summary>
public interface IPairMask
{
    /// <summary>Whether <see cref="Range"/> is the whole truth; then <see cref="Classify"/> and <see cref="Visible"/> are never called.</summary>
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
