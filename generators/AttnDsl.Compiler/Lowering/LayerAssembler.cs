using System.Collections.Generic;
using System.Globalization;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;

namespace AttnDsl.Compiler.Lowering;

/// <summary>Turns a finished draft into a plan: the bodies train, core, their backwards, the core's gradient from what it returned, and for layers with a cache prefill and decode.</summary>
public static class LayerAssembler
{
    public static AttentionPlan Assemble(LayerDraft draft)
    {
        PlanBody train = Layer(draft, BodyNames.Train, cached: false);
        PlanBody core = Core(draft);
        var bodies = new List<PlanBody> { train, Differentiator.Backward(train, "d_out"), core, Differentiator.Backward(core, "d_o"), Differentiator.Gradient(core, "d_o") };
        if (draft.IsCached)
        {
            PlanBody prefill = Layer(draft, BodyNames.Prefill, cached: true);
            bodies.Add(prefill);
            bodies.Add(prefill.As(BodyNames.Decode));
        }

        Explain(draft);
        return new AttentionPlan(
            draft.Widths,
            draft.Weights,
            draft.Buffers,
            draft.IsCached ? draft.Source.Cache : CacheSchema.None,
            bodies,
            draft.Formula,
            new RunTimeInputs(draft.IsRagged, draft.IsCached, draft.Rotation?.Layout, draft.Alignment));
    }

    private static PlanBody Layer(LayerDraft draft, string name, bool cached)
    {
        LayerWidths w = draft.Widths;
        var body = new BodyBuilder(name);
        PlanValue x = body.Input("x", TensorType.Of(Dim.B, Dim.T, Dim.Of(w.Dim)));
        Operands operands = draft.Source.Build(body, x, cached);
        PlanValue? sink = draft.Sink is { } weight ? body.Weight(weight) : null;
        PlanValue o = body.Attend(operands.Query, operands.Key, operands.Value, sink, Settings(draft), "o")[0];
        PlanWeight outputWeight = draft.Weight(WeightPlace.Output, () => new PlanWeight("o_proj.weight", TensorType.Constant(w.Dim, w.ScoreHeads * w.ValueWidth)));
        PlanValue y = body.Linear(body.JoinHeads(o, "o_flat"), body.Weight(outputWeight), draft.HasOutputBias ? "projected" : "output");
        if (draft.HasOutputBias)
        {
            PlanWeight bias = draft.Weight(WeightPlace.OutputBias, () => new PlanWeight("o_proj.bias", TensorType.Constant(w.Dim), WeightInit.Zeros, 0));
            y = body.Add(y, body.Weight(bias), "output");
        }

        return body.Build(y);
    }

    private static PlanBody Core(LayerDraft draft)
    {
        LayerWidths w = draft.Widths;
        var body = new BodyBuilder(BodyNames.Core);
        PlanValue q = body.Input("q", TensorType.Of(Dim.B, Dim.T, Dim.Of(w.QueryHeads), Dim.Of(w.KeyWidth)));
        PlanValue k = body.Input("k", TensorType.Of(Dim.B, Dim.S, Dim.Of(w.KeyHeads), Dim.Of(w.KeyWidth)));
        PlanValue v = body.Input("v", TensorType.Of(Dim.B, Dim.S, Dim.Of(w.ValueHeads), Dim.Of(w.ValueWidth)));
        PlanValue? sink = draft.Sink is { } weight ? body.Weight(weight) : null;
        IReadOnlyList<PlanValue> o = body.Attend(q, k, v, sink, Settings(draft), "o");
        return body.Build(o[0], o[1]);
    }

    private static AttendSettings Settings(LayerDraft draft) => new(
        draft.QueryMap,
        HeadMap.Grouped(draft.Widths.KeyHeads, draft.Widths.ScoreHeads),
        HeadMap.Grouped(draft.Widths.ValueHeads, draft.Widths.ScoreHeads),
        draft.Scale * draft.ScaleFactor,
        draft.Score,
        draft.Mask);

    private static void Explain(LayerDraft draft)
    {
        LayerWidths w = draft.Widths;
        string bias = draft.HasBias ? " + b" : "";
        draft.Explain(FormulaOrder.Projection, string.Format(
            CultureInfo.InvariantCulture, "q = x Wqᵀ{0} [B, T, {1}, {2}]; k = x Wkᵀ{0} [B, S, {3}, {6}]" + (draft.Values is null ? "; v = x Wvᵀ{0} [B, S, {4}, {5}]" : ""), bias, w.QueryHeads, w.KeyWidth, w.KeyHeads, w.ValueHeads, w.ValueWidth, draft.StoredKeys?.Width ?? w.KeyWidth));
        draft.Explain(FormulaOrder.Scale, string.Format(
            CultureInfo.InvariantCulture, "s_ij = ⟨q_i, k_j⟩ {0} for {1} score heads; head h reads query head {2}, key head {3}, value head {4}", draft.ScaleText, w.ScoreHeads, draft.QueryMap, HeadMap.Grouped(w.KeyHeads, w.ScoreHeads), HeadMap.Grouped(w.ValueHeads, w.ScoreHeads)));
        draft.Explain(FormulaOrder.Softmax, draft.Sink is null
            ? "p_ij = e^(s_ij − M_i) / Σ_j e^(s_ij − M_i); a row that sees no key yields 0"
            : "p_ij = e^(s_ij − M_i) / (Σ_j e^(s_ij − M_i) + e^(sinks_h − M_i)); a row that sees no key yields 0");
        draft.Explain(FormulaOrder.Output, "o_i = Σ_j p_ij v_j; y = concat_h(o) Woᵀ" + (draft.HasOutputBias ? " + bo" : "") + string.Format(CultureInfo.InvariantCulture, " [B, T, {0}]", w.Dim));
    }
}
