using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>The mean of a query head and its key head, as projected, added to both.</summary>
public sealed class QKMeanMechanism : Mechanism
{
    public override string Name => "QKMean";

    public override int Rank => Ranks.Mix + 11;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
    }

    public override void Lower(LayerDraft draft, AttributeSpec attribute) => Lower(draft);

    internal static void Lower(LayerDraft draft)
    {
        LayerWidths w = draft.Widths;
        long group = w.QueryHeads / w.KeyHeads;
        TensorType Grouped(long each) => TensorType.Of(Dim.B, Dim.T, Dim.Of(w.KeyHeads), Dim.Of(each), Dim.Of(w.KeyWidth));
        draft.TransformTogether(Stage.Share, (body, both, _) =>
        {
            PlanValue queries = body.Reshape(both.FirstQuery, Grouped(group), "q_groups");
            PlanValue keys = body.Reshape(both.FirstKey, Grouped(1), "k_groups");
            PlanValue mean = body.Scale(body.Add(queries, keys, "qk_sum"), 0.5, "qk_mean");
            PlanValue each = body.Reshape(mean, both.Query.Type, "qk_mean_heads");
            PlanValue all = body.Scale(body.SumTo(mean, Grouped(1), "qk_mean_sum"), 1.0 / group, "qk_mean_group");
            return both with
            {
                Query = body.Add(both.Query, each, "q_shared"),
                Key = body.Add(both.Key, body.Reshape(all, both.Key.Type, "qk_mean_key"), "k_shared"),
            };
        });
        draft.Explain(FormulaOrder.Share, "q_h ← q_h + m_h, k_g ← k_g + the mean of m_h over its " + Text.Of(group) + " query heads; m_h = (q_h + k_g) / 2 of the projections");
    }
}
