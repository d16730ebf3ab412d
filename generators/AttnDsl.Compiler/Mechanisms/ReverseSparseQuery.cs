using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Preset rSQA: fewer query heads than key/value heads; score map j reads query head j mod the query heads.</summary>
public sealed class ReverseSparseQueryMechanism : Mechanism
{
    public override string Name => "ReverseSparseQuery";

    public override int Rank => Ranks.QueryHeads + 3;

    public override HeadQuantities Shapes => HeadQuantities.QueryHeads | HeadQuantities.KeyHeads;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        bool headsSound = context.Count(attribute, "heads", out long heads) && AtMostDeclared(context, attribute, "heads", heads, RuleTable.QueryHeadsExceedDeclared);
        bool kvSound = context.Count(attribute, "kv", out long kv) && AtMostDeclared(context, attribute, "kv", kv, RuleTable.KvExceedsDeclared);
        context.RequireSound(headsSound, HeadQuantities.QueryHeads);
        context.RequireSound(kvSound, HeadQuantities.KeyHeads);
        if (headsSound && kvSound)
        {
            CheckPair(context, attribute, heads, kv);
        }
    }

    public override void ShapeHeads(HeadLayoutBuilder heads, AttributeSpec attribute)
    {
        heads.QueryHeads = attribute.Int("heads");
        heads.KeyHeads = attribute.Int("kv");
    }

    private static bool AtMostDeclared(RuleContext context, AttributeSpec attribute, string argument, long value, RuleDescriptor rule)
    {
        if (context.DeclaredHeads is not { } declared || value <= declared)
        {
            return true;
        }

        context.Report(rule, attribute, argument, [argument, Text.Of(value), Text.Of(declared), Nearest.Sentence([declared])], [Text.Of(declared)]);
        return false;
    }

    private void CheckPair(RuleContext context, AttributeSpec attribute, long heads, long kv)
    {
        if (kv > heads && kv % heads != 0)
        {
            long[] legal = Nearest.Multiples(heads, kv, context.DeclaredHeads ?? long.MaxValue);
            context.Report(
                RuleTable.ReverseKvNotMultiple, attribute, "kv", [Text.Of(kv), Text.Of(heads), Nearest.Sentence(legal)], Nearest.Texts(legal));
            context.Spoil(HeadQuantities.KeyHeads);
        }
        else if (kv > heads)
        {
            context.Report(RuleTable.ReverseCost, attribute, "kv", [Text.Of(kv), Text.Of(heads)]);
        }
        else if (heads % kv != 0)
        {
            GroupedQueryMechanism.ReportNotDivisor(context, attribute, "kv", kv, heads);
        }
        else
        {
            context.Report(
                RuleTable.PresetOutsideRule,
                attribute,
                "kv",
                [Name, $"heads: {Text.Of(heads)} is not below kv: {Text.Of(kv)}", "fewer query heads than key/value heads", $"[SparseQuery(Heads = {Text.Of(heads)})] [GroupedQuery(kv: {Text.Of(kv)})]"]);
        }
    }

    /// <summary>Queries are tiled (q0 q1 q0 q1), unlike keys and values, which are shared in contiguous groups.</summary>
    public override void Lower(LayerDraft draft, AttributeSpec attribute) =>
        draft.QueryMap = HeadMap.Tiled(draft.Widths.QueryHeads, draft.Widths.ScoreHeads);
}
