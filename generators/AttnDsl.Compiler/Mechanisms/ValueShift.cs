using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Half of the value channels are projected from the token before.</summary>
public sealed class ValueShiftMechanism : Mechanism
{
    public override string Name => "ValueShift";

    public override int Rank => Ranks.Mix + 12;

    public override void Check(RuleContext context, AttributeSpec attribute) => Check(context, attribute, null);

    public override void Lower(LayerDraft draft, AttributeSpec attribute) => Lower(draft);

    internal static void Check(RuleContext context, AttributeSpec attribute, string? argument)
    {
        if (context.Layout is not { } layout)
        {
            return;
        }

        if (layout.ValueFeatures % 2 != 0)
        {
            context.Report(RuleTable.OddValueWidth, attribute, argument, [Text.Of(layout.ValueHeads), Text.Of(layout.ValueWidth), Text.Of(layout.ValueFeatures)]);
        }
        else if (layout.ValueHeads % 2 != 0)
        {
            context.Report(RuleTable.HalvedValueHead, attribute, argument, [Text.Of(layout.ValueHeads)]);
        }
    }

    internal static void Lower(LayerDraft draft)
    {
        long half = draft.Widths.ValueHeads * draft.Widths.ValueWidth / 2;
        CacheStateSpec state = draft.State("v_delayed", 1, half, "delayed values before their bias");
        PlanWeight Matrix(WeightPlace place, string name) => draft.Weight(place, () => new PlanWeight(name + ".weight", TensorType.Constant(half, draft.Widths.Dim)));
        PlanValue Biased(BodyBuilder body, PlanValue v, WeightPlace place, string name) => draft.HasBias
            ? body.Add(v, body.Weight(draft.Weight(place, () => new PlanWeight(name + ".bias", TensorType.Constant(half), WeightInit.Zeros, 0))), name + "_biased")
            : v;
        draft.Values = (body, x, cached) =>
        {
            PlanValue current = Biased(body, body.Linear(x, body.Weight(Matrix(WeightPlace.Value, "v_proj_current")), "v_current"), WeightPlace.ValueBias, "v_proj_current");
            PlanValue delayed = body.SplitHeads(body.Linear(x, body.Weight(Matrix(WeightPlace.DelayedValue, "v_proj_delayed")), "v_coming"), 1, "v_coming_row");

            // Nothing before the first token is no projection of anything: 0, and so the bias comes after the delay.
            PlanValue late = body.JoinHeads(body.Rows(Recent.Of(body, delayed, state, cached, "v_recent"), 0, "v_late_row"), "v_late");
            return body.Concat(2, "v_flat", current, Biased(body, late, WeightPlace.DelayedValueBias, "v_proj_delayed"));
        };
        string bias = draft.HasBias ? " + b" : "";
        draft.Explain(
            FormulaOrder.Values,
            "v = [x_t Wcᵀ" + bias + " | x_(t−1) Wdᵀ" + bias + "] [B, S, " + Text.Of(draft.Widths.ValueHeads) + ", " + Text.Of(draft.Widths.ValueWidth) + "], halves of " + Text.Of(half) + " channels; x before a row's first token is 0");
    }
}
