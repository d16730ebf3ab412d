using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Emit.Reference;

/// <summary>Writes the naive double-precision implementation, and the same in float as the same-dtype yardstick of tolerance tests.</summary>
internal static class ReferenceEmitter
{
    /// <summary>Names that the templates use as locals and parameters.</summary>
    private static readonly HashSet<string> s_reserved = new(System.StringComparer.Ordinal)
    {
        "weights", "gradients", "rows", "block", "cache", "tensor", "batch", "tokens", "cancellationToken", "outputGradient", "query", "key", "value",
    };

    /// <summary>A method returns no more tensors: a backward's further ones are gradients of weights.</summary>
    private const int MostResults = 3;

    /// <summary>Why this backend cannot run the plan, or null.</summary>
    public static string? Refusal(AttentionPlan plan)
    {
        PlanStep[] steps = plan.Bodies.Values.SelectMany(b => b.Steps).ToArray();
        PlanStep? missing = steps.FirstOrDefault(s => !TemplateLibrary.Exists("reference/steps/" + s.Kind));
        return missing is not null
            ? "it has no step " + missing.Kind
            : DerivedWeights.Refusal(plan) is { } derived
            ? derived
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
        SourceFile.Wrap(target, Header(plan, target), [], "reference/class", Class(plan, target, scalar, counting, cancellationToken), cancellationToken);

    private static IEnumerable<string> Header(AttentionPlan plan, TargetType target) =>
        new[] { "Reference implementation of " + target.Self.Name + ": naive, every score computed, written to be read next to the maths.", "" }
            .Concat(plan.Formula)
            .Concat(["", "Memory: every intermediate as [B, T, channels], and one row of scores at a time."]);

    private static TemplateModel Class(AttentionPlan plan, TargetType target, ScalarType scalar, bool counting, CancellationToken cancellationToken)
    {
        var tables = new ReferenceTables(scalar, plan.Buffers);
        var attends = new AttendMethods(scalar, tables);
        var steps = new StepRenderer("reference", scalar.Keyword, counting, cancellationToken);
        var methods = new StepMethods(scalar, steps);
        var bodies = new TemplateModel();
        foreach (PlanBody body in plan.BodiesRun.Where(b => b.Name != BodyNames.GradientOf(BodyNames.Core)))
        {
            bodies[plan.AlwaysFew && body.Name == BodyNames.Decode ? BodyNames.Prefill : body.Name.Replace('.', '_')] = Body(plan, body, scalar, tables, attends, methods, steps, cancellationToken);
        }

        LayerWidths w = plan.Widths;
        var model = new TemplateModel
        {
            ["scalar"] = scalar.Keyword,
            ["cast"] = scalar.FromDouble,
            ["is_double"] = scalar == ScalarType.Double,
            ["name"] = scalar == ScalarType.Double ? "Reference" : "ReferenceSingle",
            ["type_name"] = target.Self.Name,
            ["version"] = SourceFile.Version,
            ["counting"] = counting,
            ["cached"] = plan.Inputs.Cached,
            ["states"] = CacheStreams.States(plan.Cache),
            ["few_tokens"] = plan.FewTokens,
            ["decode_is_prefill"] = plan.Inputs.Cached && (plan.AlwaysFew || plan.Bodies[BodyNames.Decode].IsSameAs(plan.Bodies[BodyNames.Prefill])),
            ["ragged"] = plan.Inputs.Ragged,
            ["causal"] = plan.Inputs.Alignment is { } alignment ? "global::AttnDsl.CausalAlign." + alignment : "null",
            ["dim"] = w.Dim,
            ["query_heads"] = w.QueryHeads,
            ["key_heads"] = w.KeyHeads,
            ["value_heads"] = w.ValueHeads,
            ["score_heads"] = w.ScoreHeads,
            ["key_width"] = w.KeyWidth,
            ["value_width"] = w.ValueWidth,
            ["formula"] = XmlText.Paragraphs(plan.Formula),
            ["no_gradient"] = plan.NoGradient ?? "",
            ["bodies"] = bodies,
            ["streams"] = CacheStreams.Models(plan.Cache),
            ["ring"] = CacheStreams.Ring(plan.Cache),
        };
        IEnumerable<string> cores = attends.Forwards.Select(a => steps.Render("methods/attend", a.Identity, () => a.Model))
            .Concat(attends.Gradients.Select(a => steps.Render("methods/attend_gradient", a.Identity, () => a.Model)));
        model["methods"] = string.Join("\n\n", methods.Texts.Concat(cores));
        model["tables"] = string.Join("\n\n", tables.Fields.Select(t => TemplateLibrary.Render("reference/table", t, cancellationToken)));
        return model;
    }

    /// <summary>A weight's numbers: the tensor's own, or made of it.</summary>
    private static string Value(AttentionPlan plan, PlanValue weight, StepMethods methods)
    {
        if (DerivedWeights.Slice(plan, weight) is not { } slice)
        {
            return "weights." + Identifiers.WeightProperty(weight.Name) + ".Data";
        }

        string sizes = string.Join(", ", new[] { slice.Heads, DerivedWeights.HeadRows(plan, slice), slice.From, slice.Rows, weight.Type.Channels.Size }.Select(n => n.ToString(CultureInfo.InvariantCulture)));
        return methods.Of(slice) + "(weights." + Identifiers.WeightProperty(slice.Source) + ".Data, " + sizes + ")";
    }

    private static TemplateModel Body(AttentionPlan plan, PlanBody body, ScalarType scalar, ReferenceTables tables, AttendMethods attends, StepMethods methods, StepRenderer renderer, CancellationToken cancellationToken)
    {
        var identifiers = new Identifiers(s_reserved);
        var names = new Dictionary<PlanValue, string>(2 * body.Steps.Count);
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

        var models = new StepModels(scalar, tables, attends, methods, names, identifiers, plan.Cache);
        string steps = string.Join("\n", body.Steps.Select(s => models.Text(s, renderer)));
        var text = new TemplateModel
        {
            ["scalar"] = scalar.Keyword,
            ["weights"] = body.Weights.Select(w => new TemplateModel { ["local"] = names[w], ["value"] = Value(plan, w, methods), ["shape"] = w.TypeText }).ToArray(),
            ["steps"] = steps,
        };
        var model = new TemplateModel { ["text"] = TemplateLibrary.Render("reference/body", text, cancellationToken), ["gradients"] = "" };
        for (int i = 0; i < body.Outputs.Count && i < MostResults; i++)
        {
            model["result_" + i.ToString(CultureInfo.InvariantCulture)] = names[body.Outputs[i]];
        }

        if (body.Name.EndsWith(".backward", System.StringComparison.Ordinal))
        {
            var gradients = body.Weights.Zip(
                body.Outputs.Skip(body.Inputs.Count - 1), (w, g) => new TemplateModel { ["property"] = Identifiers.WeightProperty(w.Name), ["local"] = names[g] }).ToArray();
            model["gradients"] = TemplateLibrary.Render("reference/gradients", new TemplateModel { ["gradients"] = gradients }, cancellationToken);
        }

        return model;
    }
}
