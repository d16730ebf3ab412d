using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan.Scores;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>A query sees no key after it.</summary>
public sealed class CausalMechanism : Mechanism
{
    private static readonly string[] s_aligns = ["BottomRight", "TopLeft"];

    public override string Name => "Causal";

    public override int Rank => Ranks.Mask;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        if (context.Member(attribute, "align", s_aligns) && CausalSettings.Read(attribute).TopLeft)
        {
            context.Report(RuleTable.TopLeftHasNoCache, attribute, "align", []);
        }
    }

    public override void Lower(LayerDraft draft, AttributeSpec attribute)
    {
        bool topLeft = CausalSettings.Read(attribute).TopLeft;
        draft.Mask = draft.Mask.And(new CausalAtom());
        draft.Alignment = topLeft ? Alignment.TopLeft : Alignment.BottomRight;

        // Aligned at the start, a later token would see fewer keys than it did in one pass: there is nothing to append to.
        draft.IsCached = !topLeft;
        draft.Explain(FormulaOrder.Mask, topLeft ? "j ≤ i (causal, the first query sees the first key)" : "j ≤ i (causal, the last query sees the last key)");
    }
}

/// <param name="TopLeft">Query i sees keys 0..i whatever the number of keys; otherwise the last query sees the last key.</param>
public sealed record CausalSettings(bool TopLeft)
{
    public static CausalSettings Read(AttributeSpec attribute) => new(attribute.Enum("align", "BottomRight") == "TopLeft");
}
