using System.Linq;
using static AttnDsl.Compiler.Plan.BodyBuilder;

namespace AttnDsl.Compiler.Plan.Steps;

public enum ElementwiseOperator
{
    Add,
    Subtract,
    Multiply,
}

/// <summary>
/// a + b, a − b or a ⊙ b, element by element. b may be narrower: trailing extents of a (a bias, a gain), or extents of 1 that are repeated (a factor per row).
/// Derivative: that of the operator, summed over the repeats for b.
/// </summary>
public sealed class ElementwiseStep : PlanStep
{
    internal ElementwiseStep(ElementwiseOperator op, PlanValue a, PlanValue b, PlanValue y)
        : base([a, b], [y]) => Operator = op;

    public override string Kind => "elementwise";

    public ElementwiseOperator Operator { get; }

    public PlanValue A => Inputs[0];

    public PlanValue B => Inputs[1];

    public override string Details => Operator switch
    {
        ElementwiseOperator.Add => "add",
        ElementwiseOperator.Subtract => "subtract",
        _ => "multiply",
    };

    public override void Differentiate(Differentiator d)
    {
        PlanValue g = d.Of(Output)!;
        if (d.Wants(A))
        {
            d.Add(A, Operator == ElementwiseOperator.Multiply ? d.Body.Multiply(g, B, "d" + A.Name) : g);
        }

        if (d.Wants(B))
        {
            PlanValue full = Operator switch
            {
                ElementwiseOperator.Multiply => d.Body.Multiply(g, A, "g" + A.Name),
                ElementwiseOperator.Subtract => d.Body.Scale(g, -1, "n" + g.Name),
                _ => g,
            };
            d.Add(B, full.Type == B.Type ? full : d.Body.SumTo(full, B.Type, "d" + B.Name));
        }
    }
}

public static class ElementwiseExtensions
{
    public static PlanValue Add(this BodyBuilder body, PlanValue a, PlanValue b, string name) => Make(body, ElementwiseOperator.Add, a, b, name);

    public static PlanValue Subtract(this BodyBuilder body, PlanValue a, PlanValue b, string name) => Make(body, ElementwiseOperator.Subtract, a, b, name);

    public static PlanValue Multiply(this BodyBuilder body, PlanValue a, PlanValue b, string name) => Make(body, ElementwiseOperator.Multiply, a, b, name);

    /// <summary>True when b can be repeated over a.</summary>
    internal static bool Repeats(TensorType a, TensorType b) => b.Rank <= a.Rank
        && b.Dims.Select((d, i) => d == a.Dims[a.Rank - b.Rank + i] || d.Size == 1).All(fits => fits);

    private static PlanValue Make(BodyBuilder body, ElementwiseOperator op, PlanValue a, PlanValue b, string name)
    {
        Require(Repeats(a.Type, b.Type), "elementwise", "extents of the second that repeat over the first", a, b);
        return body.Add(new ElementwiseStep(op, a, b, body.Value(name, a.Type))).Output;
    }
}
