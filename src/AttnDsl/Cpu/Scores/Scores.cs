using System;

namespace AttnDsl.Cpu;

/// <summary>Makes the nodes of score expressions; the types follow from the operands.</summary>
public static class Scores
{
    /// <summary>The scaled score itself.</summary>
    public static ScoreValue Value => default;

    /// <summary>Absolute index of the query among its keys.</summary>
    public static RowIndex Row => default;

    /// <summary>Index of the key.</summary>
    public static ColumnIndex Column => default;

    /// <summary>Score head.</summary>
    public static HeadIndex Head => default;

    /// <summary>A number.</summary>
    public static ConstantScore Constant(double value) => new((float)value);

    /// <summary>table[row].</summary>
    /// <param name="table">An entry per row; not copied.</param>
    public static RowTable ByRow(float[] table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return new(table);
    }

    /// <summary>table[column].</summary>
    /// <param name="table">An entry per column; not copied.</param>
    public static ColumnTable ByColumn(float[] table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return new(table);
    }

    /// <summary>table[head].</summary>
    /// <param name="table">An entry per head; not copied.</param>
    public static HeadTable ByHead(float[] table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return new(table);
    }

    /// <summary>−a.</summary>
    public static NegateScore<T> Negate<T>(T a)
        where T : struct, IScoreNode => new(a);

    /// <summary>|a|.</summary>
    public static AbsScore<T> Abs<T>(T a)
        where T : struct, IScoreNode => new(a);

    /// <summary>tanh a.</summary>
    public static TanhScore<T> Tanh<T>(T a)
        where T : struct, IScoreNode => new(a);

    /// <summary>e^a.</summary>
    public static ExpScore<T> Exp<T>(T a)
        where T : struct, IScoreNode => new(a);

    /// <summary>a + b.</summary>
    public static AddScore<TA, TB> Add<TA, TB>(TA a, TB b)
        where TA : struct, IScoreNode
        where TB : struct, IScoreNode => new(a, b);

    /// <summary>a − b.</summary>
    public static SubtractScore<TA, TB> Subtract<TA, TB>(TA a, TB b)
        where TA : struct, IScoreNode
        where TB : struct, IScoreNode => new(a, b);

    /// <summary>a · b.</summary>
    public static MultiplyScore<TA, TB> Multiply<TA, TB>(TA a, TB b)
        where TA : struct, IScoreNode
        where TB : struct, IScoreNode => new(a, b);

    /// <summary>a / b.</summary>
    public static DivideScore<TA, TB> Divide<TA, TB>(TA a, TB b)
        where TA : struct, IScoreNode
        where TB : struct, IScoreNode => new(a, b);

    /// <summary>The smaller of the two.</summary>
    public static MinScore<TA, TB> Min<TA, TB>(TA a, TB b)
        where TA : struct, IScoreNode
        where TB : struct, IScoreNode => new(a, b);

    /// <summary>The larger of the two.</summary>
    public static MaxScore<TA, TB> Max<TA, TB>(TA a, TB b)
        where TA : struct, IScoreNode
        where TB : struct, IScoreNode => new(a, b);

    /// <summary>a &lt; b ? then : otherwise.</summary>
    public static LessScore<TA, TB, TThen, TElse> Less<TA, TB, TThen, TElse>(TA a, TB b, TThen then, TElse otherwise)
        where TA : struct, IScoreNode
        where TB : struct, IScoreNode
        where TThen : struct, IScoreNode
        where TElse : struct, IScoreNode => new(a, b, then, otherwise);

    /// <summary>a ≤ b ? then : otherwise.</summary>
    public static LessOrEqualScore<TA, TB, TThen, TElse> LessOrEqual<TA, TB, TThen, TElse>(TA a, TB b, TThen then, TElse otherwise)
        where TA : struct, IScoreNode
        where TB : struct, IScoreNode
        where TThen : struct, IScoreNode
        where TElse : struct, IScoreNode => new(a, b, then, otherwise);

    /// <summary>a = b ? then : otherwise.</summary>
    public static EqualScore<TA, TB, TThen, TElse> Equal<TA, TB, TThen, TElse>(TA a, TB b, TThen then, TElse otherwise)
        where TA : struct, IScoreNode
        where TB : struct, IScoreNode
        where TThen : struct, IScoreNode
        where TElse : struct, IScoreNode => new(a, b, then, otherwise);

    /// <summary>Scores as they are.</summary>
    public static IdentityScore Identity => default;

    /// <summary>s + bias, where the bias does not read s.</summary>
    public static BiasedScore<TBias> Biased<TBias>(TBias bias)
        where TBias : struct, IScoreNode => new(bias);

    /// <summary>Any function of s.</summary>
    /// <param name="score">The function.</param>
    /// <param name="derivative">Its derivative by s, for backward.</param>
    public static GeneralScore<TScore, TDerivative> General<TScore, TDerivative>(TScore score, TDerivative derivative)
        where TScore : struct, IScoreNode
        where TDerivative : struct, IScoreNode => new(score, derivative);
}
