using System;

namespace AttnDsl.Cpu;

/// <summary>Makes masks; the types follow from the operands.</summary>
public static class Masks
{
    /// <summary>Every pair.</summary>
    public static BandMask Everything => new(BandMask.Unbounded, BandMask.Unbounded);

    /// <summary>column ≤ row.</summary>
    public static BandMask Causal => new(BandMask.Unbounded, 0);

    /// <summary>Query and key carry the same segment id. Not inside <see cref="Either"/>.</summary>
    public static SegmentMask Segments => default;

    /// <summary>row − left ≤ column ≤ row + right.</summary>
    /// <param name="left">Keys visible before the query's own index, or <see cref="BandMask.Unbounded"/>.</param>
    /// <param name="right">Keys visible after it, or <see cref="BandMask.Unbounded"/>.</param>
    public static BandMask Band(int left, int right)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(left);
        ArgumentOutOfRangeException.ThrowIfNegative(right);
        return new(left, right);
    }

    /// <summary>column &lt; count.</summary>
    public static FirstKeysMask FirstKeys(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return new(count);
    }

    /// <summary>An expression of row, column and head is not negative.</summary>
    public static PredicateMask<T> Predicate<T>(T notNegative)
        where T : struct, IScoreNode => new(notNegative);

    /// <summary>Both hold.</summary>
    public static BothMask<TA, TB> Both<TA, TB>(TA a, TB b)
        where TA : struct, IPairMask
        where TB : struct, IPairMask => new(a, b);

    /// <summary>Either holds.</summary>
    /// <exception cref="ArgumentException">One of them compares segments.</exception>
    public static EitherMask<TA, TB> Either<TA, TB>(TA a, TB b)
        where TA : struct, IPairMask
        where TB : struct, IPairMask =>
        a.Segments || b.Segments ? throw new ArgumentException("a, b: expected masks that do not compare segments: those only narrow others, got a segment mask", nameof(a)) : new(a, b);
}
