using System;
using System.Linq;
using AttnDsl.Compiler.Mechanisms;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Rules;

/// <summary>Widths and weights must fit what arrays and int indices can hold.</summary>
public static class SizeRules
{
    private const long LargestWidth = int.MaxValue;

    // Array.MaxLength, which netstandard2.0 does not have.
    private const long LargestArray = 0x7FFFFFC7;

    /// <summary>A weight of a mechanism's own must fit an array. Reports the largest at the argument that makes it large.</summary>
    public static bool Fits(this RuleContext context, AttributeSpec attribute, string argument, params (string Weight, long Rows, long Columns)[] weights)
    {
        (string weight, long rows, long columns) = weights.OrderByDescending(w => Saturating.Multiply(w.Rows, w.Columns)).First();
        long elements = Saturating.Multiply(rows, columns);
        if (elements > LargestArray)
        {
            context.Report(RuleTable.WeightTooLarge, attribute, argument, [weight, Text.Of(rows), Text.Of(columns), Text.Of(elements)]);
            return false;
        }

        return true;
    }

    public static void Check(RuleContext context)
    {
        if (context.Layout is not { } layout || context.Spec.Find("Attention") is not { } attention)
        {
            return;
        }

        string argument = Arguments.Either(attention, "headDim", "HeadDim")?.Name ?? "dim";
        long headWidth = Math.Max(layout.KeyWidth, layout.ValueWidth);
        long width = Saturating.Multiply(layout.ScoreHeads, headWidth);
        if (width > LargestWidth)
        {
            context.Report(RuleTable.WidthTooLarge, attention, argument, [Text.Of(layout.ScoreHeads), Text.Of(headWidth), Text.Of(width)]);
            return;
        }

        (string weight, long features) = Largest(layout);
        long elements = Saturating.Multiply(layout.Dim, features);
        if (elements > LargestArray)
        {
            context.Report(
                RuleTable.WeightTooLarge, attention, "dim", [weight, Text.Of(layout.Dim), Text.Of(features), Text.Of(elements)]);
            return;
        }

        foreach (AttributeSpec attribute in context.Spec.Attributes.Where(context.IsSound))
        {
            Others(context, layout, attribute);
        }
    }

    /// <summary>Weights that an attribute brings beside the projections.</summary>
    private static void Others(RuleContext context, HeadLayout layout, AttributeSpec attribute)
    {
        foreach (Matrix matrix in MechanismTable.Find(attribute.Name)?.Matrices(layout, attribute) ?? [])
        {
            long elements = Saturating.Multiply(matrix.Rows, matrix.Columns);
            if (elements > LargestArray)
            {
                context.Report(
                    RuleTable.WeightTooLarge, attribute, matrix.Argument, [matrix.Weight, Text.Of(matrix.Rows), Text.Of(matrix.Columns), Text.Of(elements)]);
            }
        }
    }

    private static (string Weight, long Features) Largest(HeadLayout layout) =>
        new[]
        {
            ("q_proj.weight", layout.QueryFeatures),
            ("k_proj.weight", layout.KeyFeatures),
            ("v_proj.weight", layout.ValueFeatures),
            ("o_proj.weight", layout.OutputFeatures),
        }.OrderByDescending(weight => weight.Item2).First();
}
