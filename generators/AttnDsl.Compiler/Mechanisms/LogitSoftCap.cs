using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan.Scores;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Squashes scores to cap tanh(score / cap), before every mask and bias.</summary>
public sealed class LogitSoftCapMechanism : Mechanism
{
    public override string Name => "LogitSoftCap";

    public override int Rank => Ranks.Score + 1;

    public override void Check(RuleContext context, AttributeSpec attribute) => context.Positive(attribute, "cap", out _);

    public override void Lower(LayerDraft draft, AttributeSpec attribute)
    {
        double cap = SoftCapSettings.Read(attribute).Cap;
        ScoreExpression c = ScoreExpression.Constant(cap);
        draft.ScoreOperation(ScoreOrder.Cap, s => c * ScoreExpression.Tanh(s / c));
        draft.Explain(FormulaOrder.Cap, "s_ij ← " + Text.Of(cap) + " · tanh(s_ij / " + Text.Of(cap) + ")");
    }
}

/// <param name="Cap">Bound on the absolute score.</param>
public sealed record SoftCapSettings(double Cap)
{
    public static SoftCapSettings Read(AttributeSpec attribute) => new(attribute.Double("cap"));
}
