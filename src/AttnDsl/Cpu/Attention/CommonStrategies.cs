using System;

namespace AttnDsl.Cpu;

/// <summary>Scores as they are.</summary>
public readonly struct IdentityScore : IScore
{
    /// <inheritdoc/>
    public ScoreForm Form => ScoreForm.Identity;

    /// <inheritdoc/>
    public TLanes Bias<TLanes>(in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Broadcast(0);

    /// <inheritdoc/>
    public TLanes Apply<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => score;

    /// <inheritdoc/>
    public TLanes Derivative<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Broadcast(1);
}

/// <summary>
/// row − <paramref name="left"/> ≤ column ≤ row + <paramref name="right"/>, where <see cref="Unbounded"/> leaves a side open; right 0 is causal, both unbounded is everything.
/// </summary>
/// <param name="left">Keys visible before the query's own index.</param>
/// <param name="right">Keys visible after it.</param>
/// <param name="segments">Only within equal segment ids.</param>
public readonly struct BandMask(int left, int right, bool segments = false) : IPairMask
{
    /// <summary>No bound on this side.</summary>
    public const int Unbounded = int.MaxValue;

    /// <inheritdoc/>
    public bool RangeIsExact => true;

    /// <inheritdoc/>
    public bool Segments => segments;

    /// <inheritdoc/>
    public KeyRange Range(int row) => new(
        left == Unbounded ? 0 : (int)Math.Clamp((long)row - left, int.MinValue, int.MaxValue),
        right == Unbounded ? int.MaxValue : (int)Math.Clamp((long)row + right + 1, int.MinValue, int.MaxValue));

    /// <inheritdoc/>
    public PairClass Classify(int firstRow, int lastRow, int firstKey, int lastKey) => PairClass.Partial;

    /// <inheritdoc/>
    public TLanes Visible<TLanes>(in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Equal(pair.Column, pair.Column);
}
