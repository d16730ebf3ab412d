using System;
using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Replaces the usual score scale, one over the square root of the key width.</summary>
public sealed class QueryScaleMechanism : Mechanism
{
    public override string Name => "QueryScale";

    public override int Rank => Ranks.Score;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        ArgumentSpec? scalar = attribute.Find("preAttnScalar");
        ArgumentSpec? scale = attribute.Find("Scale");
        if (scalar is not null && scale is not null)
        {
            context.Report(RuleTable.QueryScaleTwice, attribute, "Scale", [scalar.Value.Text, scale.Value.Text]);
        }
        else if ((scalar ?? scale) is not { } given)
        {
            context.Report(RuleTable.QueryScaleEmpty, attribute, null, []);
        }
        else if (context.Positive(attribute, given.Name, out double value))
        {
            WarnWhenSwapped(context, attribute, given.Name, value);
        }
    }

    // Normed queries and keys do want scales above 1; for others it is nearly always the other argument's number.
    private static void WarnWhenSwapped(RuleContext context, AttributeSpec attribute, string argument, double value)
    {
        double resolved = QueryScaleSettings.Read(attribute, 1).Scale;
        if (resolved > 1 && !context.Spec.Has("QkNorm"))
        {
            string other = argument == "Scale" ? $"QueryScale(preAttnScalar: {Text.Of(value)})" : $"QueryScale(Scale = {Text.Of(value)})";
            context.Report(RuleTable.QueryScaleAboveOne, attribute, argument, [argument, Text.Of(value), Text.Short(resolved), other]);
        }
    }

    public override void Lower(LayerDraft draft, AttributeSpec attribute)
    {
        draft.Scale = QueryScaleSettings.Read(attribute, draft.Widths.KeyWidth).Scale;
        draft.ScaleText = attribute.Find("preAttnScalar") is { } scalar ? "/ √" + scalar.Value.Text : "· " + Text.Of(draft.Scale);
    }
}

/// <param name="Scale">Factor on every score.</param>
public sealed record QueryScaleSettings(double Scale)
{
    /// <summary>The scale of a layer: the attribute's when there is one, else the default for <paramref name="keyWidth"/>.</summary>
    public static QueryScaleSettings Read(AttributeSpec? attribute, long keyWidth)
    {
        if (attribute?.Find("Scale") is { } scale)
        {
            return new(scale.Value.AsDouble());
        }

        double scalar = attribute?.Find("preAttnScalar")?.Value.AsDouble() ?? keyWidth;
        return new(1 / Math.Sqrt(scalar));
    }
}
