using System.Linq;
using AttnDsl.Compiler.Costs;
using AttnDsl.Compiler.Spec;
using static AttnDsl.Compiler.Plan.BodyBuilder;

namespace AttnDsl.Compiler.Plan.Steps;

/// <summary>
/// Σ over rows and tokens of a ⊗ b: y[r, c] = Σ a[.., r] b[.., c]; per head y[h, r, c]. The gradient of a linear weight.
/// Derivative: da = b dyᵀ, db = a dy.
/// </summary>
public sealed class OuterSumStep : PlanStep
{
    internal OuterSumStep(PlanValue a, PlanValue b, PlanValue y, bool perHead)
        : base([a, b], [y]) => PerHead = perHead;

    public override string Kind => "outer_sum";

    public PlanValue A => Inputs[0];

    public PlanValue B => Inputs[1];

    public bool PerHead { get; }

    public override string Details => PerHead ? "per head" : "";

    public override Cost Cost => Cost.Of(A.Type.ConstantElements * B.Type.Channels.Size, A.Type.Rows);

    public override void Differentiate(Differentiator d)
    {
        PlanValue g = d.Of(Output)!;
        if (d.Wants(A))
        {
            d.Add(A, d.Body.Linear(B, g, "d" + A.Name, transposed: false, PerHead));
        }

        if (d.Wants(B))
        {
            d.Add(B, d.Body.Linear(A, g, "d" + B.Name, transposed: true, PerHead));
        }
    }
}

public static class OuterSumExtensions
{
    public static PlanValue OuterSum(this BodyBuilder body, PlanValue a, PlanValue b, string name, bool perHead = false)
    {
        Require(a.Type.Dims.Take(a.Type.Rank - 1).SequenceEqual(b.Type.Dims.Take(b.Type.Rank - 1)), "outer_sum", "equal leading extents", a, b);
        Dim[] dims = perHead
            ? [a.Type.Dims[a.Type.Rank - 2], a.Type.Channels, b.Type.Channels]
            : [a.Type.Channels, b.Type.Channels];
        return body.Add(new OuterSumStep(a, b, body.Value(name, new TensorType(dims.ToEquatableArray())), perHead)).Output;
    }
}
