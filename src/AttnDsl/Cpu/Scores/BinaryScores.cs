using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>a + b.</summary>
public readonly struct AddScore<TA, TB> : IScoreNode
    where TA : struct, IScoreNode
    where TB : struct, IScoreNode
{
    private readonly TA _a;
    private readonly TB _b;

    internal AddScore(TA a, TB b)
    {
        _a = a;
        _b = b;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => _a.Of(score, pair) + _b.Of(score, pair);
}

/// <summary>a − b.</summary>
public readonly struct SubtractScore<TA, TB> : IScoreNode
    where TA : struct, IScoreNode
    where TB : struct, IScoreNode
{
    private readonly TA _a;
    private readonly TB _b;

    internal SubtractScore(TA a, TB b)
    {
        _a = a;
        _b = b;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => _a.Of(score, pair) - _b.Of(score, pair);
}

/// <summary>a · b.</summary>
public readonly struct MultiplyScore<TA, TB> : IScoreNode
    where TA : struct, IScoreNode
    where TB : struct, IScoreNode
{
    private readonly TA _a;
    private readonly TB _b;

    internal MultiplyScore(TA a, TB b)
    {
        _a = a;
        _b = b;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => _a.Of(score, pair) * _b.Of(score, pair);
}

/// <summary>a / b.</summary>
public readonly struct DivideScore<TA, TB> : IScoreNode
    where TA : struct, IScoreNode
    where TB : struct, IScoreNode
{
    private readonly TA _a;
    private readonly TB _b;

    internal DivideScore(TA a, TB b)
    {
        _a = a;
        _b = b;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => _a.Of(score, pair) / _b.Of(score, pair);
}

/// <summary>The smaller of the two.</summary>
public readonly struct MinScore<TA, TB> : IScoreNode
    where TA : struct, IScoreNode
    where TB : struct, IScoreNode
{
    private readonly TA _a;
    private readonly TB _b;

    internal MinScore(TA a, TB b)
    {
        _a = a;
        _b = b;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Min(_a.Of(score, pair), _b.Of(score, pair));
}

/// <summary>The larger of the two.</summary>
public readonly struct MaxScore<TA, TB> : IScoreNode
    where TA : struct, IScoreNode
    where TB : struct, IScoreNode
{
    private readonly TA _a;
    private readonly TB _b;

    internal MaxScore(TA a, TB b)
    {
        _a = a;
        _b = b;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Max(_a.Of(score, pair), _b.Of(score, pair));
}
