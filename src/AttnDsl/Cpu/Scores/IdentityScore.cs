using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>Scores as they are.</summary>
public readonly struct IdentityScore : IScore
{
    /// <inheritdoc/>
    public ScoreForm Form => ScoreForm.Identity;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Bias<TLanes>(in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Broadcast(0);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Apply<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => score;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Derivative<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Broadcast(1);
}
