using System.Globalization;

namespace AttnDsl.Compiler.Plan.Steps;

public enum Reduction
{
    Sum,
    Mean,

    /// <summary>1 / √(mean(x²) + ε).</summary>
    InverseRms,

    /// <summary>1 / max(√(Σ x²), ε), ε the distance from 1 to the next number of the backend's type.</summary>
    InverseNorm,
}

/// <summary>
/// Reduces the last axis to extent 1.
/// Derivative: sum and mean repeat the cotangent; for r = 1/√(mean(x²) + ε), dx = −g r³ x / n; for r = 1/√(Σ x²), dx = −g r³ x (above ε, and 0 at 0).
/// </summary>
public sealed class ReduceStep : PlanStep
{
    internal ReduceStep(Reduction reduction, PlanValue x, double epsilon, PlanValue y)
        : base([x], [y])
    {
        Reduction = reduction;
        Epsilon = epsilon;
    }

    public override string Kind => "reduce";

    public PlanValue X => Inputs[0];

    public Reduction Reduction { get; }

    public double Epsilon { get; }

    public override string Details => Reduction + (Reduction == Reduction.InverseRms ? " eps " + Epsilon.ToString("R", CultureInfo.InvariantCulture) : "");

    public override void Differentiate(Differentiator d)
    {
        PlanValue g = d.Of(Output)!;
        BodyBuilder body = d.Body;
        double n = X.Type.Channels.Size;
        switch (Reduction)
        {
            case Reduction.Sum:
                d.Add(X, body.RepeatTo(g, X.Type, "d" + X.Name));
                break;
            case Reduction.Mean:
                d.Add(X, body.RepeatTo(body.Scale(g, 1 / n, "m" + g.Name), X.Type, "d" + X.Name));
                break;
            default:
                PlanValue cube = body.Multiply(body.Multiply(Output, Output, Output.Name + "_square"), Output, Output.Name + "_cube");
                PlanValue factor = body.Scale(body.Multiply(cube, g, "g" + cube.Name), Reduction == Reduction.InverseRms ? -1 / n : -1, "f" + Output.Name);
                d.Add(X, body.Multiply(X, factor, "d" + X.Name));
                break;
        }
    }
}

public static class ReduceExtensions
{
    /// <summary>[.., n] to [.., 1].</summary>
    public static PlanValue Reduce(this BodyBuilder body, Reduction reduction, PlanValue x, string name, double epsilon = 0) =>
        body.Add(new ReduceStep(reduction, x, epsilon, body.Value(name, x.Type.WithChannels(Dim.Of(1))))).Output;
}
