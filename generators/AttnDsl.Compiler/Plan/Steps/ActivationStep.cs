namespace AttnDsl.Compiler.Plan.Steps;

public enum ActivationKind
{
    Sigmoid,
    Silu,
    Exp,

    /// <summary>1 / max(x, ε) with ε the smallest positive step of the backend's type above 1: a guarded division.</summary>
    Reciprocal,

    /// <summary>min(max(x, 0), 1).</summary>
    Clamp,

    /// <summary>1 where 0 ≤ x ≤ 1, else 0: the slope of clamp, bounds included.</summary>
    Inside,

    /// <summary>|x|.</summary>
    Abs,

    /// <summary>−1, 0 or 1: the slope of abs.</summary>
    Sign,
}

/// <summary>An elementwise function. Derivative, with y the output: sigmoid g y (1 − y); silu g σ(x) (1 + x − y); exp g y; reciprocal −g y² (above ε);
/// clamp g · inside(x); abs g · sign(x); inside and sign are constant almost everywhere: none.</summary>
public sealed class ActivationStep : PlanStep
{
    internal ActivationStep(ActivationKind activation, PlanValue x, PlanValue y)
        : base([x], [y]) => Activation = activation;

    public override string Kind => "activation";

    public PlanValue X => Inputs[0];

    public ActivationKind Activation { get; }

    public override string Details => Activation.ToString().ToLowerInvariant();

    public override bool PassesGradient => Activation is not (ActivationKind.Inside or ActivationKind.Sign);

    public override void Differentiate(Differentiator d)
    {
        PlanValue g = d.Of(Output)!;
        BodyBuilder body = d.Body;
        switch (Activation)
        {
            case ActivationKind.Exp:
                d.Add(X, body.Multiply(g, Output, "d" + X.Name));
                break;
            case ActivationKind.Reciprocal:
                d.Add(X, body.Scale(body.Multiply(g, body.Multiply(Output, Output, Output.Name + "_square"), "g" + Output.Name), -1, "d" + X.Name));
                break;
            case ActivationKind.Clamp:
                d.Add(X, body.Multiply(g, body.Activation(ActivationKind.Inside, X, X.Name + "_inside"), "d" + X.Name));
                break;
            case ActivationKind.Abs:
                d.Add(X, body.Multiply(g, body.Activation(ActivationKind.Sign, X, X.Name + "_sign"), "d" + X.Name));
                break;
            case ActivationKind.Inside or ActivationKind.Sign:
                break;
            case ActivationKind.Sigmoid:
                PlanValue gy = body.Multiply(g, Output, "g" + Output.Name);
                d.Add(X, body.Subtract(gy, body.Multiply(gy, Output, "g" + Output.Name + "2"), "d" + X.Name));
                break;
            default:
                // x σ'(x) + σ(x) = σ(x) (1 + x − y) since σ' = σ (1 − σ) and y = x σ.
                PlanValue gs = body.Multiply(g, body.Activation(ActivationKind.Sigmoid, X, X.Name + "_sigmoid"), "g" + X.Name);
                PlanValue rest = body.Multiply(gs, body.Subtract(X, Output, X.Name + "_rest"), "g" + X.Name + "_rest");
                d.Add(X, body.Add(gs, rest, "d" + X.Name));
                break;
        }
    }
}

public static class ActivationExtensions
{
    public static PlanValue Activation(this BodyBuilder body, ActivationKind activation, PlanValue x, string name) =>
        body.Add(new ActivationStep(activation, x, body.Value(name, x.Type))).Output;
}
