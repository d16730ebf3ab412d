using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan.Scores;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>A query sees only keys near it; its own key counts.</summary>
public sealed class SlidingWindowMechanism : Mechanism
{
    public override string Name => "SlidingWindow";

    public override int Rank => Ranks.Mask + 2;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        bool sound = WindowSettings.IsTwoSided(attribute)
            ? context.NotNegative(attribute, "left", out _) & context.NotNegative(attribute, "right", out _)
            : context.Count(attribute, "size", out _);
        if (sound && WindowSettings.Read(attribute) is { Left: 0 } window && (window.Right == 0 || context.Spec.Has("Causal")))
        {
            context.Report(RuleTable.WindowOfOne, attribute, window.TwoSided ? "left" : "size", []);
        }
    }

    public override void Lower(LayerDraft draft, AttributeSpec attribute)
    {
        WindowSettings window = WindowSettings.Read(attribute);
        draft.Mask = draft.Mask.And(new WindowAtom(window.Left, window.TwoSided ? window.Right : null));
        draft.Explain(FormulaOrder.Mask, window.TwoSided
            ? "i − " + Text.Of(window.Left) + " ≤ j ≤ i + " + Text.Of(window.Right) + " (window)"
            : "j > i − " + Text.Of(window.Left + 1) + " (window of " + Text.Of(window.Left + 1) + " keys, the query's own included)");
    }
}

/// <summary>A query at position p (of its aligned key) sees keys from p - left to p + right, both included.</summary>
/// <param name="Left">Keys visible before the query's own: size - 1 for a one-sided window.</param>
/// <param name="Right">Keys visible after the query's own; 0 for a one-sided window.</param>
/// <param name="TwoSided">Written as (left, right).</param>
public sealed record WindowSettings(long Left, long Right, bool TwoSided)
{
    public static WindowSettings Read(AttributeSpec attribute) => IsTwoSided(attribute)
        ? new(attribute.Int("left"), attribute.Int("right"), true)
        : new(System.Math.Max(attribute.Int("size", 1), 1) - 1, 0, false);

    public static bool IsTwoSided(AttributeSpec attribute) => attribute.Find("left") is not null || attribute.Find("right") is not null;
}
