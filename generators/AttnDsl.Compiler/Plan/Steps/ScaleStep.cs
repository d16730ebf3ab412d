using System.Globalization;

namespace AttnDsl.Compiler.Plan.Steps;

/// <summary>factor · x. Derivative: factor · g.</summary>
public sealed class ScaleStep : PlanStep
{
    internal ScaleStep(PlanValue x, double factor, PlanValue y)
        : base([x], [y]) => Factor = factor;

    public override string Kind => "scale";

    public PlanValue X => Inputs[0];

    public double Factor { get; }

    public override string Details => Factor.ToString("R", CultureInfo.InvariantCulture);

    public override void Differentiate(Differentiator d) => d.Add(X, d.Body.Scale(d.Of(Output)!, Factor, "d" + X.Name));
}

public static class ScaleExtensions
{
    public static PlanValue Scale(this BodyBuilder body, PlanValue x, double factor, string name) =>
        body.Add(new ScaleStep(x, factor, body.Value(name, x.Type))).Output;
}
