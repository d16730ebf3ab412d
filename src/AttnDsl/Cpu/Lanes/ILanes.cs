using System;

namespace AttnDsl.Cpu;

/// <summary>
/// A vector of floats, one query per lane, of whatever width this processor has. Score operations and mask predicates are written once against it and run at every width.
/// Comparisons give lane masks (all bits set or none) in the same type, for <see cref="And"/>, <see cref="Or"/> and <see cref="Select"/>.
/// </summary>
/// <typeparam name="TSelf">The vector type.</typeparam>
public interface ILanes<TSelf>
    where TSelf : unmanaged, ILanes<TSelf>
{
    /// <summary>Lanes of the vector.</summary>
    static abstract int Count { get; }

    /// <summary>The same value in every lane.</summary>
    static abstract TSelf Broadcast(float value);

    /// <summary>The first <see cref="Count"/> values.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer.</exception>
    static abstract TSelf From(ReadOnlySpan<float> values);

    /// <summary>a + b.</summary>
    static abstract TSelf operator +(TSelf a, TSelf b);

    /// <summary>a − b.</summary>
    static abstract TSelf operator -(TSelf a, TSelf b);

    /// <summary>a · b.</summary>
    static abstract TSelf operator *(TSelf a, TSelf b);

    /// <summary>a / b.</summary>
    static abstract TSelf operator /(TSelf a, TSelf b);

    /// <summary>−a.</summary>
    static abstract TSelf operator -(TSelf a);

    /// <summary>a · b + c, in one rounding where the processor can.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>The smaller of the two.</summary>
    static abstract TSelf Min(TSelf a, TSelf b);

    /// <summary>The larger of the two.</summary>
    static abstract TSelf Max(TSelf a, TSelf b);

    /// <summary>|a|.</summary>
    static abstract TSelf Abs(TSelf a);

    /// <summary>e^a.</summary>
    static abstract TSelf Exp(TSelf a);

    /// <summary>tanh a, to a few units in the last place.</summary>
    static abstract TSelf Tanh(TSelf a);

    /// <summary>Mask of a &lt; b.</summary>
    static abstract TSelf Less(TSelf a, TSelf b);

    /// <summary>Mask of a ≤ b.</summary>
    static abstract TSelf LessOrEqual(TSelf a, TSelf b);

    /// <summary>Mask of a = b.</summary>
    static abstract TSelf Equal(TSelf a, TSelf b);

    /// <summary>Both masks.</summary>
    static abstract TSelf And(TSelf a, TSelf b);

    /// <summary>Either mask.</summary>
    static abstract TSelf Or(TSelf a, TSelf b);

    /// <summary>Where the mask is set <paramref name="then"/>, else <paramref name="otherwise"/>.</summary>
    static abstract TSelf Select(TSelf mask, TSelf then, TSelf otherwise);
}
