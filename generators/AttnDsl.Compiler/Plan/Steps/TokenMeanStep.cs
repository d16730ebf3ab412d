using System.Linq;
using AttnDsl.Compiler.Spec;
using static AttnDsl.Compiler.Plan.BodyBuilder;

namespace AttnDsl.Compiler.Plan.Steps;

/// <summary>Mean over all real tokens of all rows: [B, T, ..] to [..]. Losses are made of such means. Derivative: the cotangent, divided by the tokens, at each of them (token_spread).</summary>
public sealed class TokenMeanStep : PlanStep
{
    internal TokenMeanStep(PlanValue x, PlanValue y)
        : base([x], [y])
    {
    }

    public override string Kind => "token_mean";

    public PlanValue X => Inputs[0];

    public override void Differentiate(Differentiator d) => d.Add(X, d.Body.TokenSpread(d.Of(Output)!, "d" + X.Name));
}

/// <summary>The transpose of <see cref="TokenMeanStep"/>: [..] divided by the number of real tokens, at each of them. Derivative: the mean.</summary>
public sealed class TokenSpreadStep : PlanStep
{
    internal TokenSpreadStep(PlanValue x, PlanValue y)
        : base([x], [y])
    {
    }

    public override string Kind => "token_spread";

    public PlanValue X => Inputs[0];

    public override void Differentiate(Differentiator d) => d.Add(X, d.Body.TokenMean(d.Of(Output)!, "d" + X.Name));
}

public static class TokenMeanExtensions
{
    public static PlanValue TokenMean(this BodyBuilder body, PlanValue x, string name)
    {
        Require(x.Type.Rank > 2 && x.Type.Dims[0] == Dim.B && x.Type.Dims[1] == Dim.T, "token_mean", "[B, T, ..]", x);
        return body.Add(new TokenMeanStep(x, body.Value(name, new TensorType(x.Type.Dims.Skip(2).ToEquatableArray())))).Output;
    }

    public static PlanValue TokenSpread(this BodyBuilder body, PlanValue x, string name)
    {
        Require(x.Type.Dims.All(d => d.IsConstant), "token_spread", "constant extents", x);
        return body.Add(new TokenSpreadStep(x, body.Value(name, new TensorType(new[] { Dim.B, Dim.T }.Concat(x.Type.Dims).ToEquatableArray())))).Output;
    }
}
