using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>All query heads share one key/value head.</summary>
public sealed class MultiQueryMechanism : Mechanism
{
    public override string Name => "MultiQuery";

    public override int Rank => Ranks.KeyHeads + 1;

    public override HeadQuantities Shapes => HeadQuantities.KeyHeads;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        if (context.QueryHeads == 1 && !context.InConflict(attribute))
        {
            context.Report(RuleTable.MultiQueryOnOneHead, attribute, null, []);
        }
    }

    public override void ShapeHeads(HeadLayoutBuilder heads, AttributeSpec attribute) => heads.KeyHeads = 1;
}
