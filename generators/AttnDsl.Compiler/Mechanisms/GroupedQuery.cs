using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Contiguous groups of query heads share a key head and a value head; one count for both, or one for each.</summary>
public sealed class GroupedQueryMechanism : Mechanism
{
    public override string Name => "GroupedQuery";

    public override int Rank => Ranks.KeyHeads;

    public override HeadQuantities Shapes => HeadQuantities.KeyHeads;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        bool sound;
        if (GroupedQuerySettings.GivesBoth(attribute))
        {
            sound = Count(context, attribute, "keyHeads", out long keys) & Count(context, attribute, "valueHeads", out long values);
            if (sound)
            {
                Compare(context, attribute, keys, values);
            }
        }
        else
        {
            sound = Count(context, attribute, "kv", out long kv);
            if (sound && kv == context.QueryHeads && kv == context.DeclaredHeads && !context.InConflict(attribute))
            {
                context.Report(RuleTable.GroupsOfOne, attribute, "kv", [Text.Of(kv)]);
            }
        }

        context.RequireSound(sound, HeadQuantities.KeyHeads);
    }

    public override void ShapeHeads(HeadLayoutBuilder heads, AttributeSpec attribute)
    {
        GroupedQuerySettings settings = GroupedQuerySettings.Read(attribute);
        heads.KeyHeads = settings.KeyHeads;
        heads.ValueHeads = settings.ValueHeads;
    }

    internal static void ReportNotDivisor(RuleContext context, AttributeSpec attribute, string argument, long count, long queryHeads)
    {
        long[] legal = Nearest.Divisors(queryHeads, count);
        context.Report(
            RuleTable.KvDoesNotDivide, attribute, argument, [argument, Text.Of(count), Text.Of(queryHeads), Nearest.Sentence(legal)], Nearest.Texts(legal));
        context.Spoil(HeadQuantities.KeyHeads);
    }

    /// <summary>At least 1, and a divisor of the query heads where those are known.</summary>
    private static bool Count(RuleContext context, AttributeSpec attribute, string argument, out long count)
    {
        if (!context.Count(attribute, argument, out count))
        {
            return false;
        }

        if (context.QueryHeads is not { } queryHeads || context.InConflict(attribute))
        {
            return true;
        }

        if (count > queryHeads)
        {
            string advice = argument == "kv" ? ", or use [ReverseSparseQuery] for more key/value heads than query heads" : "";
            context.Report(
                RuleTable.KvExceedsQueryHeads,
                attribute,
                argument,
                [argument, Text.Of(count), Text.Of(queryHeads), Nearest.Sentence([queryHeads]) + advice],
                [Text.Of(queryHeads)]);
            return false;
        }

        if (queryHeads % count != 0)
        {
            ReportNotDivisor(context, attribute, argument, count, queryHeads);
            return false;
        }

        return true;
    }

    private static void Compare(RuleContext context, AttributeSpec attribute, long keys, long values)
    {
        if (keys == values)
        {
            context.Report(RuleTable.EqualHeadCounts, attribute, "valueHeads", [Text.Of(keys)]);
        }
        else if (keys > values)
        {
            context.Report(RuleTable.MoreKeysThanValues, attribute, "keyHeads", [Text.Of(keys), Text.Of(values)]);
        }
    }
}

/// <param name="KeyHeads">Key heads.</param>
/// <param name="ValueHeads">Value heads.</param>
public sealed record GroupedQuerySettings(long KeyHeads, long ValueHeads)
{
    public static GroupedQuerySettings Read(AttributeSpec attribute) => GivesBoth(attribute)
        ? new(attribute.Int("keyHeads"), attribute.Int("valueHeads"))
        : new(attribute.Int("kv"), attribute.Int("kv"));

    /// <summary>True when keys and values have counts of their own.</summary>
    public static bool GivesBoth(AttributeSpec attribute) => attribute.Find("keyHeads") is not null || attribute.Find("valueHeads") is not null;
}
