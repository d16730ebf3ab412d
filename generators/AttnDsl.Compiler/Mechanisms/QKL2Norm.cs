using System;
using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Queries and keys of length √d, keys times a learned temperature per head, before rotation.</summary>
public sealed class QKL2NormMechanism : Mechanism
{
    internal static readonly string[] Temperatures = ["Exp", "Raw"];

    public override string Name => "QKL2Norm";

    public override int Rank => Ranks.Norm + 1;

    public override void Check(RuleContext context, AttributeSpec attribute) => context.Member(attribute, "temperature", Temperatures);

    public override void Lower(LayerDraft draft, AttributeSpec attribute) => Lower(draft, attribute.Enum("temperature", "Exp") == "Raw");

    internal static void Lower(LayerDraft draft, bool raw)
    {
        long heads = draft.Widths.KeyHeads;
        double length = Math.Sqrt(draft.Widths.KeyWidth);
        PlanWeight weight = draft.Weight(
            WeightPlace.Temperature,
            () => raw ? new PlanWeight("temp", TensorType.Constant(heads), WeightInit.Ones, 0) : new PlanWeight("log_temp", TensorType.Constant(heads), WeightInit.Zeros, 0));
        PlanValue Normed(BodyBuilder body, PlanValue u, string name) =>
            body.Scale(body.Multiply(u, body.Reduce(Reduction.InverseNorm, u, name + "_inverse_norm"), name + "_unit"), length, name + "_normed");
        draft.Transform(Operand.Query, Stage.Normalise, (body, q) => Normed(body, q, "q"));
        draft.Transform(Operand.Key, Stage.Normalise, (body, k) =>
        {
            PlanValue stored = body.Weight(weight);
            PlanValue factor = raw ? stored : body.Activation(ActivationKind.Exp, stored, "temp");
            return body.Multiply(Normed(body, k, "k"), body.Reshape(factor, TensorType.Constant(heads, 1), "temp_by_head"), "k_tempered");
        });
        draft.Explain(FormulaOrder.Normalise, "q, k ← √d · u / max(‖u‖, ε), per head vector, before rotation; k ← k · " + (raw ? "temp_g" : "e^(log_temp_g)"));
    }
}
