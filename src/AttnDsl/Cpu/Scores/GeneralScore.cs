using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>Any function of score, row, column and head.</summary>
public readonly struct GeneralScore<TScore, TDerivative> : IScore
    where TScore : struct, IScoreNode
    where TDerivative : struct, IScoreNode
{
    private readonly TScore _score;
    private readonly TDerivative _derivative;

    internal GeneralScore(TScore score, TDerivative derivative)
    {
        _score = score;
        _derivative = derivative;
    }

    /// <inheritdoc/>
    public ScoreForm Form => ScoreForm.General;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Bias<TLanes>(in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Broadcast(0);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Apply<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => _score.Of(score, pair);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Derivative<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => _derivative.Of(score, pair);
}
