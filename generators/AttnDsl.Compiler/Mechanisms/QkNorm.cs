using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Plan;
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
        if (context.NormedWidth == 1)
        {
            context.Report(RuleTable.NormOfWidthOne, attribute, null, []);
        }
    }

    public override void Lower(LayerDraft draft, AttributeSpec attribute)
    {
        QkNormSettings settings = QkNormSettings.Read(attribute);
        Normalise(draft, settings, Operand.Query, WeightPlace.QueryNorm, "q");
        Normalise(draft, settings, Operand.Key, WeightPlace.KeyNorm, "k");
        draft.Explain(
            FormulaOrder.Normalise,
            "q, k ← u / √(mean(u²) + " + Text.Of(settings.Eps) + ") · " + (settings.OnePlus ? "(1 + w)" : "w") + ", per head vector, before rotation");
    }

    private static void Normalise(LayerDraft draft, QkNormSettings settings, Operand operand, WeightPlace place, string name)
    {
        long width = draft.NormedWidth;

        // The rotation is known only later in rank order, so the weight is declared when the first body needs it.
        PlanWeight Gain() => draft.Weight(place, () => new PlanWeight(
            name + "_norm.weight",
            TensorType.Constant(width),
            settings.OnePlus ? WeightInit.Zeros : WeightInit.Ones,
            0,
            width == draft.Widths.KeyWidth ? draft.Rotated(1) : null));
        draft.Transform(operand, Stage.Normalise, (body, u) => body.RmsNorm(u, body.Weight(Gain()), settings.Eps, settings.OnePlus, name + "_normed"));
    }
}

/// <param name="OnePlus">The stored weight w multiplies by 1 + w and starts at 0; otherwise it multiplies and starts at 1.</param>
/// <param name="Eps">Added to the mean square.</param>
public sealed record QkNormSettings(bool OnePlus, double Eps)
{
    public static QkNormSettings Read(AttributeSpec attribute) =>
        new(attribute.Enum("Form", "Plain") == "OnePlus", attribute.Double("Eps", 1e-6));
}
