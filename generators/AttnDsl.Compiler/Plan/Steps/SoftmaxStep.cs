namespace AttnDsl.Compiler.Plan.Steps;

/// <summary>Softmax over the last axis (constant extent; attention rows are the business of attend). Derivative: y ⊙ (g − Σ g y).</summary>
public sealed class SoftmaxStep : PlanStep
{
    internal SoftmaxStep(PlanValue x, PlanValue y)
        : base([x], [y])
    {
    }

    public override string Kind => "softmax";

    public PlanValue X => Inputs[0];

    public override void Differentiate(Differentiator d)
    {
        PlanValue g = d.Of(Output)!;
        PlanValue sum = d.Body.Reduce(Reduction.Sum, d.Body.Multiply(g, Output, "g" + Output.Name), "s" + Output.Name);
        d.Add(X, d.Body.Multiply(d.Body.Subtract(g, sum, "c" + Output.Name), Output, "d" + X.Name));
    }
}

public static class SoftmaxExtensions
{
    public static PlanValue Softmax(this BodyBuilder body, PlanValue x, string name) => body.Add(new SoftmaxStep(x, body.Value(name, x.Type))).Output;
}
