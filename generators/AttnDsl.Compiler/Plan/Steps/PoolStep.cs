using System.Globalization;
using static AttnDsl.Compiler.Plan.BodyBuilder;

namespace AttnDsl.Compiler.Plan.Steps;

/// <summary>
/// Means of windows of <see cref="Length"/> tokens, one every <see cref="Stride"/>: [B, S, heads, width] to [B, windows, heads, width]; only whole windows, over recent rows only those that
/// end in the block.
/// Derivative: every token receives the cotangents of its windows divided by the length (unpool).
/// </summary>
public sealed class PoolStep : PlanStep
{
    internal PoolStep(PlanValue x, long length, long stride, PlanValue y)
        : base([x], [y])
    {
        Length = length;
        Stride = stride;
    }

    public override string Kind => "pool";

    public PlanValue X => Inputs[0];

    public long Length { get; }

    public long Stride { get; }

    public override string Details => string.Format(CultureInfo.InvariantCulture, "mean of {0} every {1}", Length, Stride);

    public override void Differentiate(Differentiator d) => d.Add(X, d.Body.Unpool(d.Of(Output)!, X.Type, Length, Stride, "d" + X.Name));
}

/// <summary>The transpose of <see cref="PoolStep"/>: spreads each window's value, divided by the length, over its tokens. Derivative: the pool.</summary>
public sealed class UnpoolStep : PlanStep
{
    internal UnpoolStep(PlanValue x, long length, long stride, PlanValue y)
        : base([x], [y])
    {
        Length = length;
        Stride = stride;
    }

    public override string Kind => "unpool";

    public PlanValue X => Inputs[0];

    public long Length { get; }

    public long Stride { get; }

    public override string Details => string.Format(CultureInfo.InvariantCulture, "mean of {0} every {1}", Length, Stride);

    public override void Differentiate(Differentiator d) => d.Add(X, d.Body.Pool(d.Of(Output)!, Length, Stride, "d" + X.Name));
}

public static class PoolExtensions
{
    public static PlanValue Pool(this BodyBuilder body, PlanValue x, long length, long stride, string name)
    {
        Require(x.Type.Rank == 4 && length >= stride && stride >= 1, "pool", "[B, tokens, heads, width], stride at most the length", x);
        return body.Add(new PoolStep(x, length, stride, body.Value(name, x.Type.WithAxis(1, Windows(x, length, stride))))).Output;
    }

    /// <summary>The axis of the windows of x: all of them over a whole row, the new ones over recent rows.</summary>
    internal static Dim Windows(PlanValue x, long length, long stride)
    {
        Dim tokens = x.Type.Dims[1];
        bool recent = tokens.Kind == DimKind.Recent;
        Require(tokens == Dim.T || tokens == Dim.S || (recent && tokens.Length >= length - 1), "windows", "tokens, or at least length - 1 rows before the block", x);
        return recent ? Dim.NewWindows(length, stride) : Dim.Windows(length, stride);
    }

    public static PlanValue Unpool(this BodyBuilder body, PlanValue x, TensorType tokens, long length, long stride, string name) =>
        body.Add(new UnpoolStep(x, length, stride, body.Value(name, tokens))).Output;
}
