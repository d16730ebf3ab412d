using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Only the values of a query's largest probabilities are read; inference alone.</summary>
public sealed class SelectiveValueMechanism : Mechanism
{
    public override string Name => "SelectiveValue";

    public override int Rank => Ranks.Score + 3;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        context.Count(attribute, "top", out _);
        context.Report(RuleTable.EvaluatesOnly, attribute, null, [Name]);
    }

    public override void Lower(LayerDraft draft, AttributeSpec attribute)
    {
        draft.Keep = attribute.Int("top");
        draft.Explain(FormulaOrder.Select, "p_ij ← 0 unless it is among the " + Text.Of(draft.Keep) + " largest of query i (of equal ones those of lower j); no renormalisation, no gradient");
    }
}
