using AttnDsl.Compiler.Mechanisms;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Rules;

/// <summary>Widths and weights must fit what arrays and int indices can hold.</summary>
public static class SizeRules
{
    private const long LargestWidth = int.MaxValue;

    // Array.MaxLength, which netstandard2.0 does not have.
    private const long LargestArray = 0x7FFFFFC7;

    public static void Check(RuleContext context)
    {
        if (context.Layout is not { } layout || context.Spec.Find("Attention") is not { } attention)
        {
            return;
        }

        string argument = Arguments.Either(attention, "headDim", "HeadDim")?.Name ?? "dim";
        if (layout.OutputFeatures > LargestWidth)
        {
            context.Report(
                RuleTable.WidthTooLarge,
                attention,
                argument,
                [Text.Of(layout.ScoreHeads), "heads", Text.Of(layout.ValueWidth), Text.Of(layout.OutputFeatures)]);
            return;
        }

        // The output projection is as large as any other: it reads max(query heads, key heads) heads.
        long elements = Saturating.Multiply(layout.Dim, layout.OutputFeatures);
        if (elements > LargestArray)
        {
            context.Report(
                RuleTable.WeightTooLarge,
                attention,
                "dim",
                ["o_proj.weight", Text.Of(layout.Dim), Text.Of(layout.OutputFeatures), Text.Of(elements)]);
        }
    }
}
