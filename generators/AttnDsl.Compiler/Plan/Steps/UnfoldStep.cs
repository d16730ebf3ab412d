using System.Globalization;
using static AttnDsl.Compiler.Plan.BodyBuilder;

namespace AttnDsl.Compiler.Plan.Steps;

/// <summary>
/// Lays the tokens of every window side by side, so that a linear step can compress it: [B, S, heads, width] to [B, windows, heads, length · width], token-major channels;
/// only whole windows, over recent rows only those that end in the block. Backends may fuse it into its reader.
/// Derivative: every token collects its copies (fold).
/// </summary>
public sealed class UnfoldStep : PlanStep
{
    internal UnfoldStep(PlanValue x, long length, long stride, PlanValue y)
        : base([x], [y])
    {
        Length = length;
        Stride = stride;
    }

    public override string Kind => "unfold";

    public PlanValue X => Inputs[0];

    public long Length { get; }

    public long Stride { get; }

    public override string Details => string.Format(CultureInfo.InvariantCulture, "{0} every {1}", Length, Stride);

    public override void Differentiate(Differentiator d) => d.Add(X, d.Body.Fold(d.Of(Output)!, X.Type, Length, Stride, "d" + X.Name));
}

/// <summary>The transpose of <see cref="UnfoldStep"/>: adds each window's tokens where they came from. Derivative: the unfold.</summary>
public sealed class FoldStep : PlanStep
{
    internal FoldStep(PlanValue x, long length, long stride, PlanValue y)
        : base([x], [y])
    {
        Length = length;
        Stride = stride;
    }

    public override string Kind => "fold";

    public PlanValue X => Inputs[0];

    public long Length { get; }

    public long Stride { get; }

    public override string Details => string.Format(CultureInfo.InvariantCulture, "{0} every {1}", Length, Stride);

    public override void Differentiate(Differentiator d) => d.Add(X, d.Body.Unfold(d.Of(Output)!, Length, Stride, "d" + X.Name));
}

public static class UnfoldExtensions
{
    public static PlanValue Unfold(this BodyBuilder body, PlanValue x, long length, long stride, string name)
    {
        Require(x.Type.Rank == 4 && length >= 1 && stride >= 1, "unfold", "[B, tokens, heads, width], a positive length and stride", x);
        TensorType windows = x.Type.WithAxis(1, PoolExtensions.Windows(x, length, stride)).WithChannels(Dim.Of(length * x.Type.Channels.Size));
        return body.Add(new UnfoldStep(x, length, stride, body.Value(name, windows))).Output;
    }

    public static PlanValue Fold(this BodyBuilder body, PlanValue x, TensorType tokens, long length, long stride, string name) =>
        body.Add(new FoldStep(x, length, stride, body.Value(name, tokens))).Output;
}
