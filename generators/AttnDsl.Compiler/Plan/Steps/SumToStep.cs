using static AttnDsl.Compiler.Plan.BodyBuilder;

namespace AttnDsl.Compiler.Plan.Steps;

/// <summary>
/// Sums x down to a narrower type: over leading axes it lacks and over its extents of 1. The derivative of a repeated operand.
/// Derivative: the cotangent repeated over x.
/// </summary>
public sealed class SumToStep : PlanStep
{
    internal SumToStep(PlanValue x, PlanValue y)
        : base([x], [y])
    {
    }

    public override string Kind => "sum_to";

    public PlanValue X => Inputs[0];

    public override void Differentiate(Differentiator d) => d.Add(X, d.Body.RepeatTo(d.Of(Output)!, X.Type, "d" + X.Name));
}

/// <summary>Repeats x over the axes and extents a wider type has. Derivative: the sum back.</summary>
public sealed class RepeatToStep : PlanStep
{
    internal RepeatToStep(PlanValue x, PlanValue y)
        : base([x], [y])
    {
    }

    public override string Kind => "repeat_to";

    public PlanValue X => Inputs[0];

    public override void Differentiate(Differentiator d) => d.Add(X, d.Body.SumTo(d.Of(Output)!, X.Type, "d" + X.Name));
}

public static class SumToExtensions
{
    public static PlanValue SumTo(this BodyBuilder body, PlanValue x, TensorType type, string name)
    {
        PlanValue y = body.Value(name, type);
        Require(ElementwiseExtensions.Repeats(x.Type, type), "sum_to", "a type that repeats over the operand", x, y);
        return body.Add(new SumToStep(x, y)).Output;
    }

    public static PlanValue RepeatTo(this BodyBuilder body, PlanValue x, TensorType type, string name)
    {
        PlanValue y = body.Value(name, type);
        Require(ElementwiseExtensions.Repeats(type, x.Type), "repeat_to", "an operand that repeats over the type", x, y);
        return body.Add(new RepeatToStep(x, y)).Output;
    }
}
