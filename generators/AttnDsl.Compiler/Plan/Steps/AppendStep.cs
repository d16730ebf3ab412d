using System.Linq;
using static AttnDsl.Compiler.Plan.BodyBuilder;

namespace AttnDsl.Compiler.Plan.Steps;

/// <summary>
/// Appends the new tokens' rows [B, T, heads, width] to a cache stream and returns everything visible, [B, S, heads, width]; of a ring what it kept and then the new rows, each still
/// standing for its absolute token. A stream with a stride takes the windows that this block completes, [B, new windows, heads, width], and returns all.
/// No derivative: no gradient flows through a cache.
/// </summary>
public sealed class AppendStep : PlanStep
{
    internal AppendStep(PlanValue x, CacheStreamSpec stream, PlanValue y)
        : base([x], [y]) => Stream = stream;

    public override string Kind => "append";

    public PlanValue X => Inputs[0];

    public CacheStreamSpec Stream { get; }

    public override string Details => Stream.Group + "." + Stream.Name;

    public override void Differentiate(Differentiator d) => throw new PlanException("no gradient flows through a cache: " + Details);
}

public static class AppendExtensions
{
    public static PlanValue Append(this BodyBuilder body, PlanValue x, CacheStreamSpec stream, string name)
    {
        Require(x.Type.Rank == 4 && x.Type.Dims[2].Size == stream.Heads && x.Type.Channels.Size == stream.Width, "append", "rows of the stream's shape " + stream, x);
        Dim rows = x.Type.Dims[1];
        Require(stream.Stride == 1 ? rows == Dim.T : rows.Kind == DimKind.NewWindows && rows.Stride == stream.Stride, "append", "the rows this block adds to " + stream, x);
        Dim visible = rows.Kind == DimKind.NewWindows ? Dim.Windows(rows.Length, rows.Stride) : stream.Storage is RingStorage ring ? Dim.Kept(ring) : Dim.S;
        return body.Add(new AppendStep(x, stream, body.Value(name, x.Type.WithAxis(1, visible)))).Output;
    }
}
