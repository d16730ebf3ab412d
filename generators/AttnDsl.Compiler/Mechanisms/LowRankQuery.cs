using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Queries through a normalised bottleneck.</summary>
public sealed class LowRankQueryMechanism : Mechanism
{
    public override string Name => "LowRankQuery";

    public override int Rank => Ranks.KeyHeads + 14;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        context.OptionalPositive(attribute, "Eps");
        if (!context.Count(attribute, "rank", out long rank) || context.Layout is not { } layout)
        {
            return;
        }

        long direct = Saturating.Multiply(layout.Dim, layout.QueryFeatures);
        long narrow = Saturating.Multiply(rank, Saturating.Add(layout.Dim, layout.QueryFeatures));
        if (context.Fits(attribute, "rank", ("q_a_proj.weight", rank, layout.Dim), ("q_b_proj.weight", layout.QueryFeatures, rank)) && narrow >= direct)
        {
            context.Report(RuleTable.QueryRankSavesNothing, attribute, "rank", [Text.Of(rank), Text.Of(narrow), Text.Of(direct)]);
        }
    }

    public override void Lower(LayerDraft draft, AttributeSpec attribute) =>
        draft.QueryBottleneck = new Bottleneck(attribute.Int("rank"), attribute.Gives("Eps") ? attribute.Double("Eps") : draft.BottleneckEpsilon);
}
