namespace AttnDsl.Cpu;

/// <summary>How a score operation depends on the scaled score s.</summary>
public enum ScoreForm
{
    /// <summary>s itself. Costs nothing.</summary>
    Identity,

    /// <summary>s + bias(row, column, head). Costs the bias.</summary>
    Biased,

    /// <summary>Any function of s, row, column and head.</summary>
    General,
}

/// <summary>The operation on scaled scores, in natural units, before mask and softmax. Made by <see cref="Scores"/>, or a struct of your own.</summary>
public interface IScore
{
    /// <summary>Which of the methods the kernels call: a constant.</summary>
    ScoreForm Form { get; }

    /// <summary>The bias of <see cref="ScoreForm.Biased"/>.</summary>
    TLanes Bias<TLanes>(in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes>;

    /// <summary>The score of <see cref="ScoreForm.General"/>.</summary>
    TLanes Apply<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes>;

    /// <summary>∂ <see cref="Apply"/> / ∂ score, at the same scaled score.</summary>
    TLanes Derivative<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes>;
}
