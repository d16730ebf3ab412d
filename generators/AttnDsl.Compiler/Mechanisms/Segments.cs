using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan.Scores;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Lengths, position ids and segment ids arrive at run time; a query sees only keys of its own segment.</summary>
public sealed class SegmentsMechanism : Mechanism
{
    public override string Name => "Segments";

    public override int Rank => Ranks.Mask + 3;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
    }

    public override void Lower(LayerDraft draft, AttributeSpec attribute)
    {
        draft.IsRagged = true;
        draft.Mask = draft.Mask.And(new SegmentAtom());
        draft.Explain(FormulaOrder.Mask, "segment(j) = segment(i), rows of unequal length (given at run time)");
    }
}
