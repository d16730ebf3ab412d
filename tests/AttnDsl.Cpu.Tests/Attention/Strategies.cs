using System;
using AttnDsl.Cpu;

namespace AttnDsl.Cpu.Tests.Attention;

/// <summary>cap · tanh(s / cap), as a struct of one's own.</summary>
internal readonly struct CappedScore : IScore
{
    public const float Cap = 5;

    public ScoreForm Form => ScoreForm.General;

    public TLanes Bias<TLanes>(in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Broadcast(0);

    public TLanes Apply<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Broadcast(Cap) * TLanes.Tanh(score * TLanes.Broadcast(1 / Cap));

    public TLanes Derivative<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes tanh = TLanes.Tanh(score * TLanes.Broadcast(1 / Cap));
        return TLanes.Broadcast(1) - (tanh * tanh);
    }
}

/// <summary>Strategies made of library nodes, with what they mean in double.</summary>
internal static class Strategies
{
    /// <summary>The same as <see cref="CappedScore"/>.</summary>
    public static GeneralScore<MultiplyScore<ConstantScore, TanhScore<MultiplyScore<ScoreValue, ConstantScore>>>, ConstantScore> Capped =>
        Scores.General(Scores.Multiply(Scores.Constant(CappedScore.Cap), Scores.Tanh(Scores.Multiply(Scores.Value, Scores.Constant(1 / CappedScore.Cap)))), Scores.Constant(1));

    /// <summary>−slope[head] · |row − column|.</summary>
    public static BiasedScore<NegateScore<MultiplyScore<HeadTable, AbsScore<SubtractScore<RowIndex, ColumnIndex>>>>> Distance(float[] slopes) =>
        Scores.Biased(Scores.Negate(Scores.Multiply(Scores.ByHead(slopes), Scores.Abs(Scores.Subtract(Scores.Row, Scores.Column)))));

    /// <summary>Causal, and either within the last 9 keys or one of the first 4: a clause of two atoms.</summary>
    public static BothMask<BandMask, EitherMask<BandMask, FirstKeysMask>> WindowOrFirst =>
        Masks.Both(Masks.Causal, Masks.Either(Masks.Band(8, BandMask.Unbounded), Masks.FirstKeys(4)));

    public static bool WindowOrFirstNaive(int row, int key) => key <= row && (row - key <= 8 || key < 4);
}

/// <summary>Every node kind of a score expression at once: tables by row, column and head, selections, arithmetic.</summary>
internal sealed class EveryNode(float[] byRow, float[] byColumn, float[] byHead)
{
    public void Check(AttentionCase attention, BandMask mask, string what)
    {
        attention.Score = Naive;
        var distance = Scores.Abs(Scores.Subtract(Scores.Row, Scores.Column));
        var bent = Scores.LessOrEqual(
            distance,
            Scores.Constant(3),
            Scores.Divide(Scores.Value, Scores.Constant(2)),
            Scores.Max(Scores.Min(Scores.Value, Scores.Constant(1)), Scores.Constant(-1)));
        var table = Scores.Add(Scores.ByRow(byRow), Scores.Multiply(Scores.ByColumn(byColumn), Scores.ByHead(byHead)));
        var small = Scores.Less(Scores.Column, Scores.Constant(10), Scores.Constant(0.5), Scores.Equal(Scores.Head, Scores.Constant(1), Scores.Constant(-0.25), Scores.Constant(0)));
        var score = Scores.Add(Scores.Subtract(Scores.Add(bent, table), Scores.Exp(Scores.Negate(Scores.Abs(Scores.Value)))), Scores.Add(small, Scores.Tanh(Scores.Value)));
        attention.Check(Scores.General(score, Scores.Constant(1)), mask, what, 1e-5);
    }

    private double Naive(double s, int row, int column, int head)
    {
        double table = byRow[row] + ((double)byColumn[column] * byHead[head]);
        double bent = Math.Abs(row - column) <= 3 ? s / 2 : Math.Clamp(s, -1, 1);
        double small = column < 10 ? 0.5 : head == 1 ? -0.25 : 0;
        return bent + table - Math.Exp(-Math.Abs(s)) + small + Math.Tanh(s);
    }
}
