using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Preset sSQA: half of the heads, for queries and for keys and values.</summary>
public sealed class SymmetricSparseQueryMechanism : Mechanism
{
    public override string Name => "SymmetricSparseQuery";

    public override int Rank => Ranks.QueryHeads + 1;

    public override HeadQuantities Shapes => HeadQuantities.QueryHeads | HeadQuantities.KeyHeads;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        if (context.DeclaredHeads is { } declared && declared % 2 != 0)
        {
            long[] legal = declared == 1 ? [2] : [declared - 1, declared + 1];
            context.Report(
                RuleTable.SymmetricNeedsEvenHeads,
                attribute,
                null,
                [Text.Of(declared), Nearest.Sentence(legal, "of heads")],
                related: context.Spec.Find("Attention"));
            context.Spoil(HeadQuantities.QueryHeads | HeadQuantities.KeyHeads);
        }
    }

    public override void ShapeHeads(HeadLayoutBuilder heads, AttributeSpec attribute)
    {
        heads.QueryHeads = heads.DeclaredHeads / 2;
        heads.KeyHeads = heads.QueryHeads;
    }
}
