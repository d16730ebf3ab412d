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
}
