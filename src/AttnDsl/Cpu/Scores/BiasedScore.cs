using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>Scores plus a bias of row, column and head.</summary>
public readonly struct BiasedScore<TBias> : IScore
    where TBias : struct, IScoreNode
{
    private readonly TBias _bias;

    internal BiasedScore(TBias bias) => _bias = bias;

    /// <inheritdoc/>
    public ScoreForm Form => ScoreForm.Biased;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Bias<TLanes>(in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => _bias.Of(TLanes.Broadcast(0), pair);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Apply<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => score + Bias(pair);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Derivative<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Broadcast(1);
}
