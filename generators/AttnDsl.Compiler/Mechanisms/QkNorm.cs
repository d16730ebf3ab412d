using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Root-mean-square normalisation of every query and key head, before rotation.</summary>
public sealed class QkNormMechanism : Mechanism
{
    private static readonly string[] s_forms = ["Plain", "OnePlus"];

    public override string Name => "QkNorm";

    public override int Rank => Ranks.Norm;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        context.Member(attribute, "Form", s_forms);
        context.OptionalPositive(attribute, "Eps");
        if (context.HeadDim == 1)
        {
            context.Report(RuleTable.NormOfWidthOne, attribute, null, []);
        }
    }
}

/// <param name="OnePlus">The stored weight w multiplies by 1 + w and starts at 0; otherwise it multiplies and starts at 1.</param>
/// <param name="Eps">Added to the mean square.</param>
public sealed record QkNormSettings(bool OnePlus, double Eps)
{
    public static QkNormSettings Read(AttributeSpec attribute) =>
        new(attribute.Enum("Form", "Plain") == "OnePlus", attribute.Double("Eps", 1e-6));
}
