using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Costs;
using static AttnDsl.Compiler.Plan.BodyBuilder;

namespace AttnDsl.Compiler.Plan.Steps;

/// <summary>
/// y = x Wᵀ over the last axis: y[.., r] = Σ_c x[.., c] W[r, c]. Transposed: y = x W, y[.., c] = Σ_r x[.., r] W[r, c].
/// Per head: x [.., H, c] with W [H, r, c], each head with its own matrix.
/// Derivative: dx = g W (the transposed form), dW = Σ g ⊗ x.
/// </summary>
public sealed class LinearStep : PlanStep
{
    internal LinearStep(PlanValue x, PlanValue weight, PlanValue y, bool transposed, bool perHead)
        : base([x, weight], [y])
    {
        Transposed = transposed;
        PerHead = perHead;
    }

    public override string Kind => "linear";

    public PlanValue X => Inputs[0];

    public PlanValue Weight => Inputs[1];

    public bool Transposed { get; }

    public bool PerHead { get; }

    public override string Details => (Transposed ? "transposed " : "") + (PerHead ? "per head" : "");

    public override Cost Cost => Cost.Of(Output.Type.ConstantElements * X.Type.Channels.Size, X.Type.Rows);

    public override void Differentiate(Differentiator d)
    {
        PlanValue g = d.Of(Output)!;
        if (d.Wants(X))
        {
            d.Add(X, d.Body.Linear(g, Weight, "d" + X.Name, !Transposed, PerHead));
        }

        if (d.Wants(Weight))
        {
            d.Add(Weight, Transposed ? d.Body.OuterSum(X, g, "d" + Weight.Name, PerHead) : d.Body.OuterSum(g, X, "d" + Weight.Name, PerHead));
        }
    }
}

public static class LinearExtensions
{
    /// <summary>x Wᵀ, or x W when <paramref name="transposed"/>.</summary>
    public static PlanValue Linear(this BodyBuilder body, PlanValue x, PlanValue weight, string name, bool transposed = false, bool perHead = false)
    {
        TensorType w = weight.Type;
        int rows = w.Rank - 2;
        Require(w.Rank == (perHead ? 3 : 2) && w.Dims.All(d => d.IsConstant), "linear", perHead ? "a weight [heads, out, in]" : "a weight [out, in]", weight);
        Require(!perHead || x.Type.Dims[x.Type.Rank - 2] == w.Dims[0], "linear", "as many heads as the weight has", x, weight);
        Dim input = transposed ? w.Dims[rows] : w.Dims[rows + 1];
        Dim output = transposed ? w.Dims[rows + 1] : w.Dims[rows];
        Require(x.Type.Channels == input, "linear", string.Format(CultureInfo.InvariantCulture, "{0} channels", input), x, weight);
        return body.Add(new LinearStep(x, weight, body.Value(name, x.Type.WithChannels(output)), transposed, perHead)).Output;
    }
}
