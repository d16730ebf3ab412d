using System.Globalization;
using static AttnDsl.Compiler.Plan.BodyBuilder;

namespace AttnDsl.Compiler.Plan.Steps;

/// <summary>
/// The last <see cref="Rows"/> rows before this block, then the block: [B, T, heads, width] to [B, rows + T, heads, width]. The rows come from a constant state, which then takes the block's
/// last ones; rows before the first token are 0. What a convolution or a window that straddles two calls needs.
/// No derivative: no gradient flows through a cache.
/// </summary>
public sealed class HistoryStep : PlanStep
{
    internal HistoryStep(PlanValue x, CacheStateSpec state, long rows, PlanValue y)
        : base([x], [y])
    {
        State = state;
        Rows = rows;
    }

    public override string Kind => "history";

    public PlanValue X => Inputs[0];

    public CacheStateSpec State { get; }

    public long Rows { get; }

    public override string Details => string.Format(CultureInfo.InvariantCulture, "{0} rows of {1}", Rows, State.Name);

    public override void Differentiate(Differentiator d) => throw new PlanException("no gradient flows through a cache: " + Details);
}

/// <summary>
/// The same rows read back from a stream that keeps every token: [B, S, heads, width] to [B, rows + T, heads, width]. Needs no state.
/// No derivative: no gradient flows through a cache.
/// </summary>
public sealed class TailStep : PlanStep
{
    internal TailStep(PlanValue x, long rows, PlanValue y)
        : base([x], [y]) => Rows = rows;

    public override string Kind => "tail";

    public PlanValue X => Inputs[0];

    public long Rows { get; }

    public override string Details => string.Format(CultureInfo.InvariantCulture, "{0} rows", Rows);

    public override void Differentiate(Differentiator d) => throw new PlanException("no gradient flows through a cache: the tail of " + X);
}

public static class HistoryExtensions
{
    public static PlanValue History(this BodyBuilder body, PlanValue x, CacheStateSpec state, long rows, string name)
    {
        Require(x.Type.Rank == 4 && x.Type.Dims[1] == Dim.T && state.Scalars == rows * x.Type.ConstantElements, "history", "[B, T, heads, width], a state of as many rows", x);
        return body.Add(new HistoryStep(x, state, rows, body.Value(name, x.Type.WithAxis(1, Dim.Recent(rows))))).Output;
    }

    public static PlanValue Tail(this BodyBuilder body, PlanValue x, long rows, string name)
    {
        Require(x.Type.Rank == 4 && x.Type.Dims[1] == Dim.S, "tail", "[B, S, heads, width]", x);
        return body.Add(new TailStep(x, rows, body.Value(name, x.Type.WithAxis(1, Dim.Recent(rows))))).Output;
    }
}
