using System.Globalization;
using static AttnDsl.Compiler.Plan.BodyBuilder;

namespace AttnDsl.Compiler.Plan.Steps;

/// <summary>
/// The block with rows of 0 around it: [B, T, ..] to [B, rows + T, ..], the first <see cref="Before"/> of the new rows in front and the others behind. What a fresh block has in the place of a
/// <see cref="HistoryStep"/>: nothing came before it.
/// Derivative: the block's rows of the cotangent (rows).
/// </summary>
public sealed class SurroundStep : PlanStep
{
    internal SurroundStep(PlanValue x, long rows, long before, PlanValue y)
        : base([x], [y])
    {
        Rows = rows;
        Before = before;
    }

    public override string Kind => "surround";

    public PlanValue X => Inputs[0];

    /// <summary>Rows added.</summary>
    public long Rows { get; }

    /// <summary>How many of them stand before the block.</summary>
    public long Before { get; }

    public override string Details => string.Format(CultureInfo.InvariantCulture, "{0} rows of 0 before, {1} behind", Before, Rows - Before);

    public override void Differentiate(Differentiator d) => d.Add(X, d.Body.Rows(d.Of(Output)!, Before, "d" + X.Name));
}

/// <summary>
/// As many rows as the block has, from row <see cref="First"/> on: [B, rows + T, ..] to [B, T, ..]. Of recent rows, those from row 0 are the block delayed by as many rows as there are before it.
/// Derivative: the cotangent with rows of 0 around it (surround).
/// </summary>
public sealed class RowsStep : PlanStep
{
    internal RowsStep(PlanValue x, long first, PlanValue y)
        : base([x], [y]) => First = first;

    public override string Kind => "rows";

    public PlanValue X => Inputs[0];

    public long First { get; }

    /// <summary>Rows left out.</summary>
    public long Left => X.Type.Dims[1].Length;

    public override string Details => string.Format(CultureInfo.InvariantCulture, "from row {0}", First);

    public override void Differentiate(Differentiator d) => d.Add(X, d.Body.Surround(d.Of(Output)!, Left, First, "d" + X.Name));
}

/// <summary>
/// Lays every row and the <see cref="Length"/> − 1 rows after it side by side, channel by channel, so that a linear step is a convolution over time: [B, rows + T, heads, width] to
/// [B, rows − Length + 1 + T, heads, width · Length], y[.., t, h, c · Length + j] = x[.., t + j, h, c].
/// Derivative: every row collects its copies (untap).
/// </summary>
public sealed class TapsStep : PlanStep
{
    internal TapsStep(PlanValue x, long length, PlanValue y)
        : base([x], [y]) => Length = length;

    public override string Kind => "taps";

    public PlanValue X => Inputs[0];

    public long Length { get; }

    public override string Details => string.Format(CultureInfo.InvariantCulture, "{0} rows", Length);

    public override void Differentiate(Differentiator d) => d.Add(X, d.Body.Untap(d.Of(Output)!, Length, "d" + X.Name));
}

/// <summary>The transpose of <see cref="TapsStep"/>: y[.., r, h, c] = Σ_j x[.., r − j, h, c · Length + j] over the rows that there are. Derivative: the taps.</summary>
public sealed class UntapStep : PlanStep
{
    internal UntapStep(PlanValue x, long length, PlanValue y)
        : base([x], [y]) => Length = length;

    public override string Kind => "untap";

    public PlanValue X => Inputs[0];

    public long Length { get; }

    public override string Details => string.Format(CultureInfo.InvariantCulture, "{0} rows", Length);

    public override void Differentiate(Differentiator d) => d.Add(X, d.Body.Taps(d.Of(Output)!, Length, "d" + X.Name));
}

public static class NeighbourExtensions
{
    public static PlanValue Surround(this BodyBuilder body, PlanValue x, long rows, long before, string name)
    {
        Require(x.Type.Rank == 4 && x.Type.Dims[1] == Dim.T && rows >= 1 && before >= 0 && before <= rows, "surround", "[B, T, heads, width], rows before among the rows added", x);
        return body.Add(new SurroundStep(x, rows, before, body.Value(name, x.Type.WithAxis(1, Dim.Recent(rows))))).Output;
    }

    public static PlanValue Rows(this BodyBuilder body, PlanValue x, long first, string name)
    {
        Dim rows = x.Type.Dims[1];
        Require(x.Type.Rank == 4 && rows.Kind == DimKind.Recent && first >= 0 && first <= rows.Length, "rows", "[B, rows + T, heads, width] with room for the block", x);
        return body.Add(new RowsStep(x, first, body.Value(name, x.Type.WithAxis(1, Dim.T)))).Output;
    }

    public static PlanValue Taps(this BodyBuilder body, PlanValue x, long length, string name)
    {
        long rows = Before(x);
        Require(x.Type.Rank == 4 && length >= 1 && rows >= length - 1, "taps", "[B, rows + T, heads, width], at least length − 1 rows before the block", x);
        TensorType type = x.Type.WithAxis(1, Dim.Recent(rows - length + 1)).WithChannels(Dim.Of(length * x.Type.Channels.Size));
        return body.Add(new TapsStep(x, length, body.Value(name, type))).Output;
    }

    public static PlanValue Untap(this BodyBuilder body, PlanValue x, long length, string name)
    {
        Require(x.Type.Rank == 4 && length >= 1 && x.Type.Channels.Size % length == 0, "untap", "[B, rows + T, heads, width · length]", x);
        TensorType type = x.Type.WithAxis(1, Dim.Recent(Before(x) + length - 1)).WithChannels(Dim.Of(x.Type.Channels.Size / length));
        return body.Add(new UntapStep(x, length, body.Value(name, type))).Output;
    }

    /// <summary>Rows before the block.</summary>
    private static long Before(PlanValue x)
    {
        Dim rows = x.Type.Dims[1];
        Require(rows == Dim.T || rows.Kind == DimKind.Recent, "neighbours", "tokens, or rows before the block and the block", x);
        return rows == Dim.T ? 0 : rows.Length;
    }
}
