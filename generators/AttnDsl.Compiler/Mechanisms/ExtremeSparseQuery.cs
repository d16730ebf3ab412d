using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Preset xSQA: a quarter of the heads or fewer.</summary>
public sealed class ExtremeSparseQueryMechanism : Mechanism
{
    private const long LeastRatio = 4;

    public override string Name => "ExtremeSparseQuery";

    public override int Rank => Ranks.QueryHeads + 2;

    public override HeadQuantities Shapes => HeadQuantities.QueryHeads;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        if (!SparseQueryMechanism.CheckRatio(context, attribute, one: null))
        {
            context.Spoil(HeadQuantities.QueryHeads);
            return;
        }

        long ratio = attribute.Int("ratio");
        if (ratio < LeastRatio && context.DeclaredHeads is { } declared)
        {
            long[] legal = declared >= LeastRatio ? Nearest.DivisorAtLeast(declared, LeastRatio) : [];
            context.Report(
                RuleTable.PresetOutsideRule,
                attribute,
                "ratio",
                [Name, $"ratio: {Text.Of(ratio)} keeps {Text.Of(declared / ratio)} of {Text.Of(declared)} heads", "at most a quarter of the heads, a ratio of 4 or more", "[SparseQuery(ratio: " + Text.Of(ratio) + ")]"],
                Nearest.Texts(legal));
        }
    }

    public override void ShapeHeads(HeadLayoutBuilder heads, AttributeSpec attribute) =>
        heads.QueryHeads = Saturating.Divide(heads.DeclaredHeads, attribute.Int("ratio"));
}
