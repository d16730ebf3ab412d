using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>−a.</summary>
public readonly struct NegateScore<T> : IScoreNode
    where T : struct, IScoreNode
{
    private readonly T _a;

    internal NegateScore(T a) => _a = a;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => -_a.Of(score, pair);
}

/// <summary>|a|.</summary>
public readonly struct AbsScore<T> : IScoreNode
    where T : struct, IScoreNode
{
    private readonly T _a;

    internal AbsScore(T a) => _a = a;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Abs(_a.Of(score, pair));
}

/// <summary>tanh a.</summary>
public readonly struct TanhScore<T> : IScoreNode
    where T : struct, IScoreNode
{
    private readonly T _a;

    internal TanhScore(T a) => _a = a;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Tanh(_a.Of(score, pair));
}

/// <summary>e^a.</summary>
public readonly struct ExpScore<T> : IScoreNode
    where T : struct, IScoreNode
{
    private readonly T _a;

    internal ExpScore(T a) => _a = a;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Exp(_a.Of(score, pair));
}
