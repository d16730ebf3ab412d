using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;

namespace AttnDsl.Compiler.Lowering;

/// <summary>Turns a finished draft into a plan: the bodies train, core, their backwards and the core's gradient from what it returned unless the core has no derivative, and for layers with a cache prefill and decode.</summary>
public static class LayerAssembler
{
    public static AttentionPlan Assemble(LayerDraft draft)
    {
        PlanBody train = Layer(draft, BodyNames.Train, LayerForm.Fresh);
        PlanBody core = Core(draft);
        string? noGradient = core.Steps.OfType<AttendStep>().Select(a => a.NoGradient).FirstOrDefault(r => r is not null);
        List<PlanBody> bodies = noGradient is null
            ? [train, Differentiator.Backward(train, "d_out"), core, Differentiator.Backward(core, "d_o"), Differentiator.Gradient(core, "d_o")]
            : [train, core];
        if (draft.IsCached)
        {
            PlanBody prefill = Layer(draft, BodyNames.Prefill, LayerForm.Cached);
            bodies.Add(prefill);
            bodies.Add(draft.Source.FewTokens == 0 ? prefill.As(BodyNames.Decode) : Layer(draft, BodyNames.Decode, LayerForm.Few));
        }

        Explain(draft);
        return new AttentionPlan(
            draft.Widths,
            draft.Weights,
            draft.Buffers,
            draft.IsCached ? draft.Source.Cache : CacheSchema.None,
            bodies,
            draft.Formula,
            new RunTimeInputs(draft.IsRagged, draft.IsCached, draft.Rotation?.Layout, draft.Alignment),
            fewTokens: draft.Source.FewTokens,
            noGradient: noGradient);
    }

    private static PlanBody Layer(LayerDraft draft, string name, LayerForm form)
    {
        LayerWidths w = draft.Widths;
        var body = new BodyBuilder(name);
        PlanValue x = body.Input("x", TensorType.Of(Dim.B, Dim.T, Dim.Of(w.Dim)));
        Operands operands = draft.Source.Build(body, x, form);
        PlanValue? sink = draft.Sink is { } weight ? body.Weight(weight) : null;
        PlanValue o = body.Attend(operands.Query, operands.Key, operands.Value, sink, Settings(draft, operands), "o")[0];
        o = operands.Finish?.Invoke(body, o) ?? o;
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

    // The layer's scale holds for every form: it is that of the heads, not of the rows a form attends to.
    private static AttendSettings Settings(LayerDraft draft, Operands operands)
    {
        long scores = draft.Widths.ScoreHeads;
        HeadMap key = HeadMap.Grouped(operands.Key.Type.Dims[2].Size, scores);
        return Settings(draft) with { Key = key, Value = operands.Value is { } value ? HeadMap.Grouped(value.Type.Dims[2].Size, scores) : key, ValuePrefix = operands.ValuePrefix };
    }

    private static AttendSettings Settings(LayerDraft draft) => new(
        draft.QueryMap,
        HeadMap.Grouped(draft.Widths.KeyHeads, draft.Widths.ScoreHeads),
        HeadMap.Grouped(draft.Widths.ValueHeads, draft.Widths.ScoreHeads),
        draft.Scale * draft.ScaleFactor,
        draft.Score,
        draft.Mask,
        Keep: draft.Keep);

    private static void Explain(LayerDraft draft)
    {
        LayerWidths w = draft.Widths;
        draft.Explain(FormulaOrder.Projection, draft.Source.Formula);
        draft.Explain(FormulaOrder.Scale, string.Format(
            CultureInfo.InvariantCulture, "s_ij = ⟨q_i, k_j⟩ {0} for {1} score heads; head h reads query head {2}, key head {3}, value head {4}", draft.ScaleText, w.ScoreHeads, draft.QueryMap, HeadMap.Grouped(w.KeyHeads, w.ScoreHeads), HeadMap.Grouped(w.ValueHeads, w.ScoreHeads)));
        draft.Explain(FormulaOrder.Softmax, draft.Sink is null
            ? "p_ij = e^(s_ij − M_i) / Σ_j e^(s_ij − M_i); a row that sees no key yields 0"
            : "p_ij = e^(s_ij − M_i) / (Σ_j e^(s_ij − M_i) + e^(sinks_h − M_i)); a row that sees no key yields 0");
        draft.Explain(FormulaOrder.Output, "o_i = Σ_j p_ij v_j; y = concat_h(o) Woᵀ" + (draft.HasOutputBias ? " + bo" : "") + string.Format(CultureInfo.InvariantCulture, " [B, T, {0}]", w.Dim));
    }
}
