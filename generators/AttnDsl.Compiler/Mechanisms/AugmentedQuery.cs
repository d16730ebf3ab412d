using System.Collections.Generic;
using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>A gated feed-forward on the whole projected query, before norms and rotation.</summary>
public sealed class AugmentedQueryMechanism : Mechanism
{
    public override string Name => "AugmentedQuery";

    public override int Rank => Ranks.Mix;

    public override void Check(RuleContext context, AttributeSpec attribute) => context.Count(attribute, "width", out _);

    public override IEnumerable<Matrix> Matrices(HeadLayout heads, AttributeSpec attribute)
    {
        yield return new Matrix("q_gate_proj.weight", "width", attribute.Int("width"), heads.QueryFeatures);
    }

    public override void Lower(LayerDraft draft, AttributeSpec attribute)
    {
        long width = attribute.Int("width");
        long features = draft.Widths.QueryHeads * draft.Widths.KeyWidth;
        draft.Mixes(Operand.Query);

        // The rotation is known only later in rank order, so the weights are declared when the first body needs them.
        PlanWeight Gate() => draft.Weight(WeightPlace.QueryFeedGate, () => new PlanWeight("q_gate_proj.weight", TensorType.Constant(width, features)));
        PlanWeight Up() => draft.Weight(WeightPlace.QueryFeedUp, () => new PlanWeight("q_up_proj.weight", TensorType.Constant(width, features)));
        PlanWeight Down() => draft.Weight(WeightPlace.QueryFeedDown, () => new PlanWeight("q_down_proj.weight", TensorType.Constant(features, width), Rotated: draft.Rotated(draft.Widths.QueryHeads)));
        draft.Transform(Operand.Query, Stage.Mix, (body, q) =>
        {
            PlanValue all = body.JoinHeads(q, "q_all");
            PlanValue gate = body.Activation(ActivationKind.Silu, body.Linear(all, body.Weight(Gate()), "q_gate"), "q_opened");
            PlanValue hidden = body.Multiply(gate, body.Linear(all, body.Weight(Up()), "q_up"), "q_hidden");
            return body.SplitHeads(body.Linear(hidden, body.Weight(Down()), "q_down"), draft.Widths.QueryHeads, "q_augmented");
        });
        draft.Explain(FormulaOrder.Mix, "q ← (silu(q Wgᵀ) ⊙ (q Wuᵀ)) Wdᵀ over all heads together, " + Text.Of(width) + " hidden channels");
    }
}
