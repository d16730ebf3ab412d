using System.Globalization;
using static AttnDsl.Compiler.Plan.BodyBuilder;

namespace AttnDsl.Compiler.Plan.Steps;

/// <summary>
/// y = x · r · w over the last axis, r = 1/√(mean(x²) + ε); with <see cref="OnePlus"/> the gain is 1 + w.
/// Derivative, with n = x r: dw = Σ g n, dx = r (g w − n · mean(g w n)).
/// </summary>
public sealed class RmsNormStep : PlanStep
{
    internal RmsNormStep(PlanValue x, PlanValue gain, double epsilon, bool onePlus, PlanValue y)
        : base([x, gain], [y])
    {
        Epsilon = epsilon;
        OnePlus = onePlus;
    }

    public override string Kind => "rms_norm";

    public PlanValue X => Inputs[0];

    public PlanValue Gain => Inputs[1];

    public double Epsilon { get; }

    public bool OnePlus { get; }

    public override string Details => "eps " + Epsilon.ToString("R", CultureInfo.InvariantCulture) + (OnePlus ? ", gain 1 + w" : "");

    public override void Differentiate(Differentiator d)
    {
        PlanValue g = d.Of(Output)!;
        BodyBuilder body = d.Body;
        PlanValue r = body.Reduce(Reduction.InverseRms, X, X.Name + "_r", Epsilon);
        PlanValue n = body.Multiply(X, r, X.Name + "_n");
        if (d.Wants(Gain))
        {
            d.Add(Gain, body.SumTo(body.Multiply(g, n, Gain.Name + "_g"), Gain.Type, "d" + Gain.Name));
        }

        if (d.Wants(X))
        {
            PlanValue gw = body.Multiply(g, Gain, X.Name + "_gw");
            if (OnePlus)
            {
                gw = body.Add(gw, g, X.Name + "_gw1");
            }

            PlanValue mean = body.Reduce(Reduction.Mean, body.Multiply(gw, n, X.Name + "_gwn"), X.Name + "_mean");
            PlanValue inner = body.Subtract(gw, body.Multiply(n, mean, X.Name + "_nm"), X.Name + "_inner");
            d.Add(X, body.Multiply(inner, r, "d" + X.Name));
        }
    }
}

public static class RmsNormExtensions
{
    public static PlanValue RmsNorm(this BodyBuilder body, PlanValue x, PlanValue gain, double epsilon, bool onePlus, string name)
    {
        Require(gain.Type.Rank == 1 && gain.Type.Channels == x.Type.Channels, "rms_norm", "a gain per channel", x, gain);
        return body.Add(new RmsNormStep(x, gain, epsilon, onePlus, body.Value(name, x.Type))).Output;
    }
}
