using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Says aloud that every query sees every key, which is the default.</summary>
public sealed class BidirectionalMechanism : Mechanism
{
    public override string Name => "Bidirectional";

    public override int Rank => Ranks.Mask + 1;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
    }
}
