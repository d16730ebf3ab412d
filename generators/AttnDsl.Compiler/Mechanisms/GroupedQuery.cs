using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Contiguous groups of query heads share a key/value head.</summary>
public sealed class GroupedQueryMechanism : Mechanism
{
    public override string Name => "GroupedQuery";

    public override int Rank => Ranks.KeyHeads;

    public override HeadQuantities Shapes => HeadQuantities.KeyHeads;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        bool sound = context.Count(attribute, "kv", out long kv);
        if (sound && context.QueryHeads is { } queryHeads && !context.InConflict(attribute))
        {
            sound = CheckAgainst(context, attribute, kv, queryHeads);
        }

        context.RequireSound(sound, HeadQuantities.KeyHeads);
    }

    public override void ShapeHeads(HeadLayoutBuilder heads, AttributeSpec attribute) => heads.KeyHeads = attribute.Int("kv");

    internal static void ReportNotDivisor(RuleContext context, AttributeSpec attribute, long kv, long queryHeads)
    {
        long[] legal = Nearest.Divisors(queryHeads, kv);
        context.Report(
            RuleTable.KvDoesNotDivide, attribute, "kv", [Text.Of(kv), Text.Of(queryHeads), Nearest.Sentence(legal)], Nearest.Texts(legal));
        context.Spoil(HeadQuantities.KeyHeads);
    }

    private static bool CheckAgainst(RuleContext context, AttributeSpec attribute, long kv, long queryHeads)
    {
        if (kv > queryHeads)
        {
            context.Report(
                RuleTable.KvExceedsQueryHeads,
                attribute,
                "kv",
                [Text.Of(kv), Text.Of(queryHeads), Nearest.Sentence([queryHeads])],
                [Text.Of(queryHeads)]);
            return false;
        }

        if (queryHeads % kv != 0)
        {
            ReportNotDivisor(context, attribute, kv, queryHeads);
            return false;
        }

        if (kv == queryHeads && kv == context.DeclaredHeads)
        {
            context.Report(RuleTable.GroupsOfOne, attribute, "kv", [Text.Of(kv)]);
        }

        return true;
    }
}
