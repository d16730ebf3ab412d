using System.Collections.Generic;
using System.Linq;
using System.Threading;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Spec;
using Scriban.Runtime;

namespace AttnDsl.Compiler.Emit.Reference;

/// <summary>Writes the naive double-precision implementation, and the same in float as the same-dtype yardstick of tolerance tests.</summary>
internal static class ReferenceEmitter
{
    /// <summary>Names that the templates use as locals and parameters.</summary>
    private static readonly string[] s_reserved =
    [
        "weights", "gradients", "rows", "block", "cache", "tensor", "batch", "tokens", "keys", "cancellationToken", "outputGradient", "query", "key", "value",
        "b", "t", "h", "c", "r", "i", "j", "p", "s", "z", "d", "sum", "max", "share", "squares", "pair", "angle", "cos", "sin", "u", "at", "delta", "qAt", "kAt", "vAt", "oAt", "ds", "dp", "dz", "mass",
    ];

    /// <summary>Why this backend cannot run the plan, or null.</summary>
    public static string? Refusal(AttentionPlan plan)
    {
        PlanStep[] steps = plan.Bodies.Values.SelectMany(b => b.Steps).ToArray();
        PlanStep? missing = steps.FirstOrDefault(s => !TemplateLibrary.Exists("reference/steps/" + s.Kind));
        return missing is not null
            ? "it has no step " + missing.Kind
            : steps.OfType<AttendStep>().FirstOrDefault(a => !MaskWriter.CanWrite(a.Settings.Mask)) is { } attend
                ? "it cannot test the mask " + attend.Settings.Mask
                : null;
    }

    /// <param name="plan">What to run.</param>
    /// <param name="target">The annotated type.</param>
    /// <param name="scalar">Double for the class <c>Reference</c>, float for the internal <c>ReferenceSingle</c>.</param>
    /// <param name="cancellationToken">Stops rendering.</param>
    /// <param name="counting">Count multiply-adds into a public static field, for tests of the cost formulas.</param>
    public static string Emit(AttentionPlan plan, TargetType target, ScalarType scalar, CancellationToken cancellationToken, bool counting = false) =>
        SourceFile.Wrap(target, Header(plan, target), [], Class(plan, target, scalar, counting, cancellationToken));

    private static IEnumerable<string> Header(AttentionPlan plan, TargetType target) =>
        new[] { "Reference implementation of " + target.Self.Name + ": naive, every score computed, written to be read next to the maths.", "" }
            .Concat(plan.Formula)
            .Concat(["", "Memory: every intermediate as [B, T, channels], and one row of scores at a time."]);

    private static string Class(AttentionPlan plan, TargetType target, ScalarType scalar, bool counting, CancellationToken cancellationToken)
    {
        var tables = new ReferenceTables(scalar, plan.Buffers);
        var attends = new AttendMethods(scalar, tables, plan.Formula);
        var steps = new StepRenderer("reference", scalar.Keyword, counting, cancellationToken);
        var bodies = new ScriptObject();
        foreach (PlanBody body in plan.Bodies.Values.Where(b => b.Name != BodyNames.GradientOf(BodyNames.Core) && (b.Name != BodyNames.Decode || !b.IsSameAs(plan.Bodies[BodyNames.Prefill]))))
        {
            bodies[body.Name.Replace('.', '_')] = Body(plan, body, scalar, tables, attends, steps);
        }

        LayerWidths w = plan.Widths;
        var model = new ScriptObject
        {
            ["scalar"] = scalar.Keyword,
            ["cast"] = scalar.FromDouble,
            ["is_double"] = scalar == ScalarType.Double,
            ["name"] = scalar == ScalarType.Double ? "Reference" : "ReferenceSingle",
            ["type_name"] = target.Self.Name,
            ["version"] = SourceFile.Version,
            ["counting"] = counting,
            ["cached"] = plan.Inputs.Cached,
            ["decode_is_prefill"] = plan.Inputs.Cached && plan.Bodies[BodyNames.Decode].IsSameAs(plan.Bodies[BodyNames.Prefill]),
            ["ragged"] = plan.Inputs.Ragged,
            ["causal"] = plan.Inputs.Alignment is { } alignment ? "global::AttnDsl.CausalAlign." + alignment : "null",
            ["dim"] = w.Dim,
            ["query_heads"] = w.QueryHeads,
            ["key_heads"] = w.KeyHeads,
            ["value_heads"] = w.ValueHeads,
            ["score_heads"] = w.ScoreHeads,
            ["key_width"] = w.KeyWidth,
            ["value_width"] = w.ValueWidth,
            ["formula"] = new ScriptArray(plan.Formula.Select(XmlText.Escape)),
            ["bodies"] = bodies,
            ["streams"] = new ScriptArray(plan.Cache.Streams.Select(s => new ScriptObject { ["name"] = s.Name, ["heads"] = s.Heads, ["width"] = s.Width, ["content"] = s.Content })),
        };
        model["attends"] = string.Join("\n", attends.Forwards.Select(a => steps.Render("attend_method", a.Identity, () => a.Model)));
        model["attend_gradients"] = string.Join("\n", attends.Gradients.Select(a => steps.Render("attend_gradient_method", a.Identity, () => a.Model)));
        model["tables"] = new ScriptArray(tables.Fields);
        return TemplateLibrary.Render("reference/class", model, cancellationToken);
    }

    private static ScriptObject Body(AttentionPlan plan, PlanBody body, ScalarType scalar, ReferenceTables tables, AttendMethods attends, StepRenderer renderer)
    {
        var identifiers = new Identifiers(s_reserved);
        var names = new Dictionary<PlanValue, string>();
        foreach (PlanValue input in body.Inputs)
        {
            names[input] = input.Name switch
            {
                "x" => "x",
                "q" => "query",
                "k" => "key",
                "v" => "value",
                _ => "outputGradient",
            };
        }

        identifiers.Local("x");
        foreach (PlanValue weight in body.Weights)
        {
            names[weight] = identifiers.Local(weight.Name);
        }

        var models = new StepModels(scalar, tables, attends, names, identifiers, plan.Cache.Streams.ToArray());
        string steps = string.Join("\n", body.Steps.Select(s => models.Text(s, renderer)));
        return new ScriptObject
        {
            ["weights"] = new ScriptArray(body.Weights.Select(w => new ScriptObject { ["local"] = names[w], ["property"] = Identifiers.WeightProperty(w.Name), ["shape"] = w.Type.ToString() })),
            ["steps"] = steps,
            ["results"] = new ScriptArray(body.Outputs.Select(o => names[o])),
            ["gradients"] = new ScriptArray(body.Name.EndsWith(".backward", System.StringComparison.Ordinal)
                ? body.Weights.Zip(body.Outputs.Skip(body.Inputs.Count - 1), (w, g) => new ScriptObject { ["property"] = Identifiers.WeightProperty(w.Name), ["local"] = names[g] })
                : []),
        };
    }
}
