using System;
using AttnDsl.Cpu;

namespace AttnDsl.Cpu.Tests.Attention;

/// <summary>cap · tanh(s / cap), as generated code writes it.</summary>
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

/// <summary>s − slope[head] · |row − column|.</summary>
internal readonly struct DistanceBias(float[] slopes) : IScore
{
    private readonly float[] _slopes = slopes;

    public ScoreForm Form => ScoreForm.Biased;

    public TLanes Bias<TLanes>(in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => -(pair.OfHead(_slopes) * TLanes.Abs(pair.Row - pair.Column));

    public TLanes Apply<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => score + Bias(pair);

    public TLanes Derivative<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Broadcast(1);
}

/// <summary>Every node kind of a score expression at once: tables by row, column and head, selection, exponential, division.</summary>
internal readonly struct EverythingScore(float[] byRow, float[] byColumn, float[] byHead) : IScore
{
    private readonly float[] _byRow = byRow;
    private readonly float[] _byColumn = byColumn;
    private readonly float[] _byHead = byHead;

    public ScoreForm Form => ScoreForm.General;

    public TLanes Bias<TLanes>(in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Broadcast(0);

    public TLanes Apply<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes table = pair.OfRow(_byRow) + (pair.OfColumn(_byColumn) * pair.OfHead(_byHead));
        TLanes near = TLanes.LessOrEqual(TLanes.Abs(pair.Row - pair.Column), TLanes.Broadcast(3));
        TLanes bent = TLanes.Select(near, score / TLanes.Broadcast(2), TLanes.Max(TLanes.Min(score, TLanes.Broadcast(1)), TLanes.Broadcast(-1)));
        return bent + table - TLanes.Exp(-TLanes.Abs(score)) + (TLanes.Broadcast(0.1f) * pair.Head);
    }

    public TLanes Derivative<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Broadcast(1);

    public double Naive(double s, int row, int column, int head)
    {
        double table = _byRow[row] + ((double)_byColumn[column] * _byHead[head]);
        double bent = Math.Abs(row - column) <= 3 ? s / 2 : Math.Clamp(s, -1, 1);
        return bent + table - Math.Exp(-Math.Abs(s)) + (0.1f * head);
    }
}

/// <summary>Causal, and either within the last 9 keys or one of the first 4: a clause of two atoms.</summary>
internal readonly struct WindowOrFirstMask : IPairMask
{
    private const int Left = 8;
    private const int First = 4;

    public bool RangeIsExact => false;

    public bool Segments => false;

    public KeyRange Range(int row) => new(0, row + 1);

    public PairClass Classify(int firstRow, int lastRow, int firstKey, int lastKey)
    {
        bool allNear = firstKey >= lastRow - Left;
        bool noneNear = lastKey < firstRow - Left;
        bool allFirst = lastKey < First;
        bool noneFirst = firstKey >= First;
        return allNear || allFirst ? PairClass.All : noneNear && noneFirst ? PairClass.None : PairClass.Partial;
    }

    public TLanes Visible<TLanes>(in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Or(
            TLanes.LessOrEqual(pair.Row - pair.Column, TLanes.Broadcast(Left)),
            TLanes.Less(pair.Column, TLanes.Broadcast(First)));

    public static bool Naive(int row, int key) => key <= row && (row - key <= Left || key < First);
}
