using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>Where a &lt; b then, else otherwise.</summary>
public readonly struct LessScore<TA, TB, TThen, TElse> : IScoreNode
    where TA : struct, IScoreNode
    where TB : struct, IScoreNode
    where TThen : struct, IScoreNode
    where TElse : struct, IScoreNode
{
    private readonly TA _a;
    private readonly TB _b;
    private readonly TThen _then;
    private readonly TElse _otherwise;

    internal LessScore(TA a, TB b, TThen then, TElse otherwise)
    {
        _a = a;
        _b = b;
        _then = then;
        _otherwise = otherwise;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> =>
            TLanes.Select(TLanes.Less(_a.Of(score, pair), _b.Of(score, pair)), _then.Of(score, pair), _otherwise.Of(score, pair));
}

/// <summary>Where a ≤ b then, else otherwise.</summary>
public readonly struct LessOrEqualScore<TA, TB, TThen, TElse> : IScoreNode
    where TA : struct, IScoreNode
    where TB : struct, IScoreNode
    where TThen : struct, IScoreNode
    where TElse : struct, IScoreNode
{
    private readonly TA _a;
    private readonly TB _b;
    private readonly TThen _then;
    private readonly TElse _otherwise;

    internal LessOrEqualScore(TA a, TB b, TThen then, TElse otherwise)
    {
        _a = a;
        _b = b;
        _then = then;
        _otherwise = otherwise;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> =>
            TLanes.Select(TLanes.LessOrEqual(_a.Of(score, pair), _b.Of(score, pair)), _then.Of(score, pair), _otherwise.Of(score, pair));
}

/// <summary>Where a = b then, else otherwise.</summary>
public readonly struct EqualScore<TA, TB, TThen, TElse> : IScoreNode
    where TA : struct, IScoreNode
    where TB : struct, IScoreNode
    where TThen : struct, IScoreNode
    where TElse : struct, IScoreNode
{
    private readonly TA _a;
    private readonly TB _b;
    private readonly TThen _then;
    private readonly TElse _otherwise;

    internal EqualScore(TA a, TB b, TThen then, TElse otherwise)
    {
        _a = a;
        _b = b;
        _then = then;
        _otherwise = otherwise;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> =>
            TLanes.Select(TLanes.Equal(_a.Of(score, pair), _b.Of(score, pair)), _then.Of(score, pair), _otherwise.Of(score, pair));
}
