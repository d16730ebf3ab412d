using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Scores;
using AttnDsl.Compiler.Plan.Steps;

namespace AttnDsl.Compiler.Emit.Torch;

/// <summary>The attention core of a generated module: scores, mask and head maps as tensor expressions, and whether scaled_dot_product_attention computes the same.</summary>
internal static class TorchCore
{
    /// <summary>Why torch operations do not print a core, or null.</summary>
    public static string? Refusal(AttendStep step) =>
        !TorchScoreWriter.CanWrite(step.Settings.Mask) ? "it has no dense mask for " + step.Settings.Mask
        : step.Outputs.Count > 2 ? "it returns no probabilities"
        : null;

    /// <summary>What distinguishes one core of a layer from another.</summary>
    public static string Key(AttendStep step) => step.DetailsText + "|" + Text(step.KeyWidth) + "|" + Text(step.ValueWidth) + "|" + step.Sink?.Name;

    public static TemplateModel Model(AttendStep step, TorchTables tables, TorchParameters parameters, string method = "")
    {
        AttendSettings s = step.Settings;
        var score = new TorchScoreWriter(tables.Buffer);
        string expression = score.Score(s.Score);
        var mask = new TorchScoreWriter(tables.Buffer);
        string[] clauses = mask.Clauses(s.Mask).ToArray();
        string? problem = SdpaProblem(step);
        double factor = s.Scale * Math.Sqrt(step.KeyWidth);
        return new TemplateModel
        {
            ["method"] = method,
            ["single"] = s.Key.Heads == 1 && (step.Values is null || s.Value.Heads == 1),
            ["query_map"] = Mapped(s.Query),
            ["key_map"] = Mapped(s.Key),
            ["value_map"] = Mapped(step.Values is null ? s.Key : s.Value),
            ["score_heads"] = Text(s.ScoreHeads),
            ["key_width"] = Text(step.KeyWidth),
            ["value_width"] = Text(step.ValueWidth),
            ["scale"] = ScalarType.Double.Literal(s.Scale),
            ["score"] = expression == "s" ? "" : expression,
            ["score_indices"] = Indices(score, s.ScoreHeads, inDouble: true),
            ["mask_indices"] = Indices(mask, s.ScoreHeads, inDouble: false),
            ["visible"] = string.Join(", ", clauses.Append("rows.Real")),
            ["masked"] = clauses.Length > 0,
            ["keep"] = s.Selects ? Text(s.Keep) : "",
            ["logits"] = step.Sink is { } sink ? parameters.Tensor(sink) : "",
            ["sdpa_problem"] = problem ?? "",
            ["sdpa_scale"] = Math.Abs(factor - 1) < 1e-15 ? "" : ScalarType.Double.Literal(factor),
            ["causal"] = s.Mask.Clauses.Where(c => c.Atoms is not [SegmentAtom]).ToArray() is [{ Atoms: [CausalAtom] }],
        };
    }

    private static string? SdpaProblem(AttendStep step) =>
        step.Settings.Selects ? "it weighs all values, this layer the " + Text(step.Settings.Keep) + " with the largest weights"
        : step.Sink is not null ? "it takes no learned logits"
        : step.Settings.Score is not TheScore ? "it changes no scores, this layer's pass through " + ScoreText.Of(step.Settings.Score)
        : null;

    /// <summary>From [B, heads, ..] to [B, scoreHeads, ..].</summary>
    private static string Mapped(HeadMap map) => map.Kind switch
    {
        HeadMapKind.Table => ".index_select(1, global::TorchSharp.torch.tensor(new long[] { " + string.Join(", ", map.Entries.Select(e => Text(e))) + " }, device: query.device))",
        _ when map.Heads == map.ScoreHeads => "",
        HeadMapKind.Grouped => ".repeat_interleave(" + Text(map.ScoreHeads / map.Heads) + ", dim: 1)",
        _ => ".repeat(1, " + Text(map.ScoreHeads / map.Heads) + ", 1, 1)",
    };

    private static TemplateModel[] Indices(TorchScoreWriter writer, long heads, bool inDouble) => writer.Used.Select(kind => new TemplateModel
    {
        ["name"] = kind == IndexKind.Row ? "i" : kind == IndexKind.Column ? "j" : "h",
        ["value"] = (kind == IndexKind.Row ? "rows.Row" : kind == IndexKind.Column ? "rows.Column" : "rows.Heads(" + Text(heads) + ")") + (inDouble ? ".to(global::TorchSharp.torch.ScalarType.Float64)" : ""),
        ["shape"] = kind == IndexKind.Row ? "[B, 1, T, 1]" : kind == IndexKind.Column ? "[1, 1, 1, S]" : "[1, " + Text(heads) + ", 1, 1]",
    }).ToArray();

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
