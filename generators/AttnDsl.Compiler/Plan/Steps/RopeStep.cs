using static AttnDsl.Compiler.Plan.BodyBuilder;

namespace AttnDsl.Compiler.Plan.Steps;

/// <summary>
/// Rotates channel pairs (u, v) of every head by a = position · f_i: (u cos a − v sin a, u sin a + v cos a), times the table's magnitude; channels past the rotary ones pass through.
/// A window sits at the position of its first token.
/// Inverse: by −a, same magnitude, which is the transpose. Derivative: the inverse of g (and back).
/// </summary>
public sealed class RopeStep : PlanStep
{
    internal RopeStep(PlanValue x, RotaryTable table, bool inverse, PlanValue y)
        : base([x], [y])
    {
        Table = table;
        Inverse = inverse;
    }

    public override string Kind => "rope";

    public PlanValue X => Inputs[0];

    public RotaryTable Table { get; }

    public bool Inverse { get; }

    public override string Details => Table + (Inverse ? ", inverse" : "");

    public override void Differentiate(Differentiator d) => d.Add(X, d.Body.Rope(d.Of(Output)!, Table, "d" + X.Name, !Inverse));
}

public static class RopeExtensions
{
    public static PlanValue Rope(this BodyBuilder body, PlanValue x, RotaryTable table, string name, bool inverse = false)
    {
        Require(x.Type.Rank == 4 && table.RotaryDim <= x.Type.Channels.Size, "rope", "[B, T, heads, width] at least as wide as the rotation", x);
        return body.Add(new RopeStep(x, table, inverse, body.Value(name, x.Type))).Output;
    }
}
