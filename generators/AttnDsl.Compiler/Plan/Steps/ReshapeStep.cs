using static AttnDsl.Compiler.Plan.BodyBuilder;

namespace AttnDsl.Compiler.Plan.Steps;

/// <summary>The same numbers under other constant extents: channels cut into heads, heads joined. Costs nothing. Derivative: the reshape back.</summary>
public sealed class ReshapeStep : PlanStep
{
    internal ReshapeStep(PlanValue x, PlanValue y)
        : base([x], [y])
    {
    }

    public override string Kind => "reshape";

    public PlanValue X => Inputs[0];

    public override void Differentiate(Differentiator d) => d.Add(X, d.Body.Reshape(d.Of(Output)!, X.Type, "d" + X.Name));
}

public static class ReshapeExtensions
{
    public static PlanValue Reshape(this BodyBuilder body, PlanValue x, TensorType type, string name)
    {
        PlanValue y = body.Value(name, type);
        Require(x.Type.ConstantElements == type.ConstantElements, "reshape", "as many elements per token", x, y);
        return body.Add(new ReshapeStep(x, y)).Output;
    }

    /// <summary>[B, T, heads · width] as [B, T, heads, width].</summary>
    public static PlanValue SplitHeads(this BodyBuilder body, PlanValue x, long heads, string name) => body.Reshape(
        x, TensorType.Of(x.Type.Dims[0], x.Type.Dims[1], Dim.Of(heads), Dim.Of(x.Type.Channels.Size / heads)), name);

    /// <summary>[B, T, heads, width] as [B, T, heads · width].</summary>
    public static PlanValue JoinHeads(this BodyBuilder body, PlanValue x, string name) => body.Reshape(
        x, TensorType.Of(x.Type.Dims[0], x.Type.Dims[1], Dim.Of(x.Type.Dims[2].Size * x.Type.Channels.Size)), name);
}
