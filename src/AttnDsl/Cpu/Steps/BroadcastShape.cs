using System;
using System.Globalization;

namespace AttnDsl.Cpu;

/// <summary>
/// A shape and a narrower one that repeats over it (missing leading extents, or extents of 1), with neighbouring extents merged that behave alike: what is left alternates between kept and repeated.
/// </summary>
internal struct BroadcastShape
{
    public const int MaxRank = 8;

    private BroadcastExtents _extents;
    private uint _kept;

    /// <summary>Extents after merging, at least one.</summary>
    public int Rank { get; private set; }

    /// <summary>Elements of the whole shape.</summary>
    public long Count { get; private set; }

    /// <summary>Elements of the narrower one.</summary>
    public long NarrowCount { get; private set; }

    /// <summary>The last extent.</summary>
    public readonly int Width => _extents[Rank - 1];

    /// <summary>Whether the narrower shape has the last extent too.</summary>
    public readonly bool LastKept => IsKept(Rank - 1);

    public static BroadcastShape Of(ReadOnlySpan<int> shape, ReadOnlySpan<int> narrow)
    {
        if (shape.Length is 0 or > MaxRank || narrow.Length > shape.Length)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"shape: expected 1 to {MaxRank} extents, and no more of the narrower shape, got {shape.Length} and {narrow.Length}"),
                nameof(shape));
        }

        BroadcastShape result = default;
        result.Count = 1;
        result.NarrowCount = 1;
        int missing = shape.Length - narrow.Length;
        for (int i = 0; i < shape.Length; i++)
        {
            int extent = shape[i];
            int other = i < missing ? 1 : narrow[i - missing];
            if (extent < 0 || (other != extent && other != 1))
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"narrow: extent {i} must be {extent} or 1, got {other}"),
                    nameof(narrow));
            }

            result.Count *= extent;
            result.NarrowCount *= other;
            if (extent != 1)
            {
                result.Append(extent, other == extent);
            }
        }

        if (result.Rank == 0)
        {
            result.Append(1, true);
        }

        return result;
    }

    public readonly bool IsKept(int extent) => (_kept >> extent & 1) != 0;

    public readonly int this[int extent] => _extents[extent];

    /// <summary>Where the narrower operand's part for a row of the whole begins; a row is one run of the last extent.</summary>
    public readonly long NarrowOffset(long row)
    {
        long offset = 0;
        long step = LastKept ? Width : 1;
        for (int i = Rank - 2; i >= 0; i--)
        {
            long index = row % _extents[i];
            row /= _extents[i];
            if (IsKept(i))
            {
                offset += index * step;
                step *= _extents[i];
            }
        }

        return offset;
    }

    private void Append(int extent, bool kept)
    {
        if (Rank > 0 && IsKept(Rank - 1) == kept)
        {
            _extents[Rank - 1] = checked(_extents[Rank - 1] * extent);
            return;
        }

        _extents[Rank] = extent;
        _kept |= kept ? 1u << Rank : 0;
        Rank++;
    }

    [System.Runtime.CompilerServices.InlineArray(MaxRank)]
    private struct BroadcastExtents
    {
        private int _first;
    }
}
