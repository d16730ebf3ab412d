using System.Linq;
using System;
using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>YaRN: rotary frequencies rescaled for a longer context. On because the attribute is there.</summary>
public sealed class YarnMechanism : Mechanism
{
    private static readonly string[] s_scales = ["Rotation", "Softmax"];

    public override string Name => "Yarn";

    public override int Rank => Ranks.Position + 1;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        if (context.Real(attribute, "factor", out double factor))
        {
            CheckFactor(context, attribute, factor);
        }

        bool sound = context.Count(attribute, "originalLength", out _);
        bool betas = context.OptionalPositive(attribute, "betaFast") & context.OptionalPositive(attribute, "betaSlow");
        context.OptionalNotNegative(attribute, "mscale");
        context.Flag(attribute, "Rounded");
        context.Member(attribute, "ScaleOn", s_scales);
        YarnSettings yarn = YarnSettings.Read(attribute, context.Spec);
        if (betas && yarn.BetaFast <= yarn.BetaSlow)
        {
            string argument = attribute.Gives("betaFast") || !attribute.Gives("betaSlow") ? "betaFast" : "betaSlow";
            context.Report(RuleTable.YarnBetaOrder, attribute, argument, [Text.Of(yarn.BetaFast), Text.Of(yarn.BetaSlow)]);
        }
        else if (sound && betas && context.Spec.Find("Rope") is { } rope && context.IsSound(rope) && context.RotatedWidth is { } width)
        {
            CheckRange(context, attribute, yarn, RopeSettings.Read(rope, width));
        }
    }

    private static void CheckFactor(RuleContext context, AttributeSpec attribute, double factor)
    {
        if (factor < 1)
        {
            context.Report(RuleTable.YarnFactorBelowOne, attribute, "factor", [Text.Of(factor)], ["1"]);
        }
        else if (factor == 1)
        {
            context.Report(RuleTable.YarnFactorOne, attribute, "factor", []);
        }
    }

    private static void CheckRange(RuleContext context, AttributeSpec attribute, YarnSettings yarn, RopeSettings rope)
    {
        (double low, double high) = yarn.Bounds(rope);
        double last = (rope.RotaryDim / 2) - 1;
        if (yarn.Rounded)
        {
            if (low > high || low >= last)
            {
                context.Report(RuleTable.YarnRampEmpty, attribute, "originalLength", [Text.Of(yarn.OriginalLength), Text.Short(low), Text.Short(high), Text.Of(last)]);
            }
        }
        else if (!(low > 0 && high < last))
        {
            (long least, long most) = yarn.LegalLengths(rope);
            string advice = least <= most
                ? $"originalLength must be from {Text.Of(least)} to {Text.Of(most)} here, or set Rounded = true, which clamps"
                : "no originalLength fits these betas, theta and rotary dim; set Rounded = true, which clamps";
            string[] legal = least <= most ? [Text.Of(Math.Min(Math.Max(yarn.OriginalLength, least), most))] : [];
            context.Report(
                RuleTable.YarnRange,
                attribute,
                "originalLength",
                [Text.Of(yarn.OriginalLength), Text.Short(low), Text.Short(high), Text.Of(last), advice],
                legal);
        }
    }

    /// <summary>The rotation with this layer's YaRN, if it has one: frequencies between the ramp's ends move towards f_i / factor, and the logits grow by the squared magnitude.</summary>
    internal static RotaryTable Scaled(LayerDraft draft, RopeSettings rope, RotaryTable table)
    {
        if (draft.Spec.Find("Yarn") is not { } attribute)
        {
            return table;
        }

        YarnSettings yarn = YarnSettings.Read(attribute, draft.Spec);
        (double low, double high) = yarn.Bounds(rope);
        EquatableArray<double> frequencies = table.Frequencies
            .Select((f, i) =>
            {
                double ramp = Math.Min(Math.Max((i - low) / (high - low), 0), 1);
                return (f / yarn.Factor * ramp) + (f * (1 - ramp));
            })
            .ToEquatableArray();
        string formula = table.Formula + ", divided by " + Text.Of(yarn.Factor) + " along a ramp over pairs " + Text.Short(low) + " to " + Text.Short(high) + " (YaRN)";
        return table with { Frequencies = frequencies, Magnitude = yarn.OnSoftmax ? 1 : yarn.Magnitude, Formula = formula };
    }

    public override void Lower(LayerDraft draft, AttributeSpec attribute)
    {
        YarnSettings yarn = YarnSettings.Read(attribute, draft.Spec);
        if (yarn.OnSoftmax)
        {
            draft.ScaleFactor *= yarn.Magnitude * yarn.Magnitude;
            draft.Explain(FormulaOrder.Rotate, "s_ij grows by m² for m = 0.1 · " + Text.Of(yarn.MScale) + " · ln " + Text.Of(yarn.Factor) + " + 1 (YaRN)");
        }
        else
        {
            draft.Explain(FormulaOrder.Rotate, "cos and sin times 0.1 · " + Text.Of(yarn.MScale) + " · ln " + Text.Of(yarn.Factor) + " + 1 (YaRN)");
        }
    }
}

/// <param name="Factor">How many times longer the context gets.</param>
/// <param name="OriginalLength">Context the model was trained on, in tokens.</param>
/// <param name="BetaFast">Turns over the original context above which a frequency is left alone.</param>
/// <param name="BetaSlow">Turns below which a frequency is divided by the factor.</param>
/// <param name="MScale">Multiplies the logarithm in <see cref="Magnitude"/>.</param>
/// <param name="Rounded">Bounds rounded outwards to whole pairs and clamped.</param>
/// <param name="OnSoftmax">The squared magnitude goes on the softmax scale; otherwise the magnitude goes on cos and sin.</param>
public sealed record YarnSettings(
    double Factor, long OriginalLength, double BetaFast, double BetaSlow, double MScale, bool Rounded, bool OnSoftmax)
{
    /// <summary>0.1 mscale ln(factor) + 1.</summary>
    public double Magnitude => (0.1 * MScale * Math.Log(Factor)) + 1;

    /// <summary>What is said; what is not said takes the form of the layer: DeepSeek's where latents serve the heads, gpt-oss's elsewhere.</summary>
    public static YarnSettings Read(AttributeSpec attribute, AttentionSpec spec) => new(
        attribute.Double("factor", 1),
        attribute.Int("originalLength", 1),
        attribute.Double("betaFast", 32),
        attribute.Double("betaSlow", 1),
        attribute.Double("mscale", 1),
        attribute.Bool("Rounded", OfLatents(spec)),
        attribute.Enum("ScaleOn", OfLatents(spec) ? "Softmax" : "Rotation") == "Softmax");

    private static bool OfLatents(AttentionSpec spec) => spec.Has("LatentKV") || spec.Has("GroupedLatentKV");

    /// <summary>Pair indices between which the ramp from the old to the divided frequency rises.</summary>
    public (double Low, double High) Bounds(RopeSettings rope)
    {
        double low = Pair(BetaFast, rope);
        double high = Pair(BetaSlow, rope);
        if (!Rounded)
        {
            return (low, high);
        }

        low = Math.Max(Math.Floor(low), 0);
        high = Math.Min(Math.Ceiling(high), rope.RotaryDim - 1);
        return (low, low == high ? high + 0.001 : high);
    }

    /// <summary>The original lengths for which the unrounded bounds satisfy 0 &lt; low and high &lt; rotaryDim/2 - 1; least above most when there are none.</summary>
    public (long Least, long Most) LegalLengths(RopeSettings rope)
    {
        double half = rope.RotaryDim / 2;
        double least = Math.Floor(2 * Math.PI * BetaFast) + 1;
        double most = Math.Ceiling(2 * Math.PI * BetaSlow * Math.Pow(rope.Theta, (half - 1) / half * rope.FrequencyStride)) - 1;
        return (Clamp(least), Clamp(most));
    }

    private static long Clamp(double length) => length >= int.MaxValue ? int.MaxValue : length <= 0 ? 0 : (long)length;

    // The pair whose frequency turns that often over the original length.
    private double Pair(double turns, RopeSettings rope) =>
        (double)(rope.RotaryDim / 2) / rope.FrequencyStride * Math.Log(OriginalLength / (turns * 2 * Math.PI)) / Math.Log(rope.Theta);
}
