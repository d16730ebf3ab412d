using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Fewer query heads of the same width.</summary>
public sealed class SparseQueryMechanism : Mechanism
{
    public override string Name => "SparseQuery";

    public override int Rank => Ranks.QueryHeads;

    public override HeadQuantities Shapes => HeadQuantities.QueryHeads;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        bool ratio = attribute.Find("ratio") is not null;
        bool heads = attribute.Find("Heads") is not null;
        if (ratio && heads)
        {
            context.Report(
                RuleTable.SparseQueryTwice, attribute, "Heads", [attribute.Find("ratio")!.Value.Text, attribute.Find("Heads")!.Value.Text]);
            context.Spoil(HeadQuantities.QueryHeads);
        }
        else if (ratio)
        {
            context.RequireSound(CheckRatio(context, attribute, RuleTable.NothingReduced), HeadQuantities.QueryHeads);
        }
        else if (heads)
        {
            context.RequireSound(CheckHeads(context, attribute), HeadQuantities.QueryHeads);
        }
        else
        {
            context.Report(RuleTable.SparseQueryEmpty, attribute, null, []);
            context.Spoil(HeadQuantities.QueryHeads);
        }
    }

    public override void ShapeHeads(HeadLayoutBuilder heads, AttributeSpec attribute) =>
        heads.QueryHeads = attribute.Find("ratio") is not null
            ? Saturating.Divide(heads.DeclaredHeads, attribute.Int("ratio"))
            : attribute.Int("Heads", heads.DeclaredHeads);

    /// <summary>The ratio must be at least 1 and divide the declared heads.</summary>
    /// <param name="context">Where violations go.</param>
    /// <param name="attribute">The attribute with the ratio.</param>
    /// <param name="one">Reported for ratio 1, or null to say nothing.</param>
    /// <returns>False when the ratio gives no number of query heads.</returns>
    internal static bool CheckRatio(RuleContext context, AttributeSpec attribute, RuleDescriptor? one)
    {
        if (!context.Count(attribute, "ratio", out long ratio))
        {
            return false;
        }

        if (context.DeclaredHeads is not { } declared)
        {
            return true;
        }

        if (declared % ratio != 0)
        {
            long[] legal = Nearest.Divisors(declared, ratio);
            context.Report(
                RuleTable.RatioDoesNotDivide,
                attribute,
                "ratio",
                [Text.Of(ratio), Text.Of(declared), Nearest.Sentence(legal)],
                Nearest.Texts(legal));
            return false;
        }

        if (ratio == 1 && one is not null)
        {
            context.Report(one, attribute, "ratio", ["ratio", Text.Of(ratio), Text.Of(declared)]);
        }

        return true;
    }

    private static bool CheckHeads(RuleContext context, AttributeSpec attribute)
    {
        if (!context.Count(attribute, "Heads", out long heads))
        {
            return false;
        }

        if (context.DeclaredHeads is not { } declared)
        {
            return true;
        }

        if (heads > declared)
        {
            context.Report(
                RuleTable.QueryHeadsExceedDeclared,
                attribute,
                "Heads",
                ["Heads", Text.Of(heads), Text.Of(declared), Nearest.Sentence([declared])],
                [Text.Of(declared)]);
            return false;
        }

        if (heads == declared)
        {
            context.Report(RuleTable.NothingReduced, attribute, "Heads", ["Heads", Text.Of(heads), Text.Of(declared)]);
        }

        return true;
    }
}
