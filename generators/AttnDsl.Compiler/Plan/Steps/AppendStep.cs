using System.Linq;
using static AttnDsl.Compiler.Plan.BodyBuilder;

namespace AttnDsl.Compiler.Plan.Steps;

/// <summary>
/// Appends the new tokens' rows [B, T, heads, width] to a cache stream and returns everything visible, [B, S, heads, width].
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
        Dim tokens = stream.Stride == 1 ? Dim.S : x.Type.Dims[1];
        return body.Add(new AppendStep(x, stream, body.Value(name, x.Type.WithAxis(1, tokens)))).Output;
    }
}
