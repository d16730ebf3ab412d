using System.Collections.Generic;
using System.Linq;
using System.Threading;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Emit.Cpu;

/// <summary>Writes the composition of the runtime's SIMD kernels that a layer is: every hot loop is in the runtime, compiled for speed whatever the user's build is.</summary>
internal static class CpuEmitter
{
    private static readonly HashSet<string> s_reserved = new(System.StringComparer.Ordinal)
    {
        "weights", "gradients", "rows", "block", "cache", "count", "keyCount", "threads", "cancellationToken", "outputGradient", "inputGradient", "queryGradient", "keyGradient", "valueGradient",
        "query", "key", "value", "keys", "values", "output", "lse", "logits", "logitGradient", "scratch",
    };

    /// <summary>Why this backend cannot run the plan, or null.</summary>
    public static string? Refusal(AttentionPlan plan)
    {
        PlanStep[] steps = plan.Bodies.Values.SelectMany(b => b.Steps).ToArray();
        PlanStep? missing = steps.FirstOrDefault(s => !TemplateLibrary.Exists("cpu/steps/" + s.Kind));
        return missing is not null
            ? "it has no step " + missing.Kind
            : DerivedWeights.Refusal(plan) is { } derived
            ? derived
            : plan.Bodies[BodyNames.Core].Weights.Count() > 1
            ? "its core takes one learned tensor, one logit per score head"
            : steps.OfType<AttendStep>().Select(CpuCores.Refusal).FirstOrDefault(r => r is not null);
    }

    public static string Emit(AttentionPlan plan, TargetType target, CancellationToken cancellationToken)
    {
        var cores = new CpuCores(plan.Buffers);
        var tables = new RotationTables();
        var renderer = new StepRenderer("cpu", "float", counting: false, cancellationToken);
        var bodies = new TemplateModel();
        foreach (PlanBody body in plan.BodiesRun)
        {
            bodies[plan.AlwaysFew && body.Name == BodyNames.Decode ? BodyNames.Prefill : body.Name.Replace('.', '_')] = Body(plan, body, [], cores, tables, renderer, cancellationToken);
        }

        if (CachedOperands(plan) is { } operands)
        {
            bodies["core_cached"] = Body(plan, plan.Bodies[BodyNames.Core], operands, cores, tables, renderer, cancellationToken);
        }

        LayerWidths w = plan.Widths;
        var model = new TemplateModel
        {
            ["version"] = SourceFile.Version,
            ["cached"] = plan.Inputs.Cached,
            ["core_cached"] = ReadsCache(plan),
            ["few_tokens"] = plan.FewTokens,
            ["ragged"] = plan.Inputs.Ragged,
            ["causal"] = plan.Inputs.Alignment is { } alignment ? "global::AttnDsl.CausalAlign." + alignment : "null",
            ["decode_is_prefill"] = plan.Inputs.Cached && (plan.AlwaysFew || plan.Bodies[BodyNames.Decode].IsSameAs(plan.Bodies[BodyNames.Prefill])),
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
            ["logits"] = plan.Bodies[BodyNames.Core].Weights.Select(w => "weights." + Identifiers.WeightProperty(w.Name) + ".Data").FirstOrDefault() ?? "default",
            ["logit_count"] = plan.Bodies[BodyNames.Core].Weights.Sum(w => w.Type.ConstantElements),
        };
        string[] constants =
        [
            .. cores.Tables.Select(t => TemplateLibrary.Render("cpu/table", t, cancellationToken)),
            .. tables.All.Select(t => TemplateLibrary.Render("cpu/rotation", t, cancellationToken)),
            .. cores.All.Select(c => TemplateLibrary.Render("cpu/geometry", c, cancellationToken)),
        ];
        model["constants"] = string.Join("\n\n", constants);
        string[] header =
        [
            "Fused CPU kernels of " + target.Self.Name + ", composed for this layer: AVX-512, AVX2 or Vector128, chosen at run time.",
            "",
            .. plan.Formula,
            "",
            "Attention runs in register tiles with an online softmax in base 2; no matrix of scores exists. Memory: the intermediates of a block, linear in its tokens.",
        ];
        return SourceFile.Wrap(target, header, [], "cpu/class", model, cancellationToken);
    }

    /// <summary>True when the layer's core can be run over its cache: the streams are the core's own operands.</summary>
    public static bool ReadsCache(AttentionPlan plan) => CachedOperands(plan) is not null;

    /// <summary>The streams that the core's operands are in a prefill; null where a prefill makes them of something else.</summary>
    private static Dictionary<PlanValue, CacheStreamSpec>? CachedOperands(AttentionPlan plan)
    {
        if (!plan.Inputs.Cached)
        {
            return null;
        }

        PlanStep[] prefill = plan.Bodies[BodyNames.Prefill].Steps.ToArray();
        Dictionary<PlanValue, CacheStreamSpec> appended = prefill.OfType<AppendStep>().ToDictionary(a => a.Output, a => a.Stream);
        var operands = new Dictionary<PlanValue, CacheStreamSpec>();
        foreach ((AttendStep core, AttendStep cached) in plan.Bodies[BodyNames.Core].Steps.OfType<AttendStep>().Zip(prefill.OfType<AttendStep>(), (core, cached) => (core, cached)))
        {
            if (core.DetailsText != cached.DetailsText || !appended.TryGetValue(cached.K, out CacheStreamSpec? keys) || !appended.TryGetValue(cached.Values!, out CacheStreamSpec? values))
            {
                return null;
            }

            operands[core.K] = keys;
            operands[core.Values!] = values;
        }

        return operands;
    }

    /// <summary>A weight's shape; of a slice the rows that are read in place.</summary>
    private static string Shape(AttentionPlan plan, PlanValue weight) => weight.TypeText + (DerivedWeights.Slice(plan, weight) is { } slice ? " = " + slice : "");

    private static string Body(AttentionPlan plan, PlanBody body, Dictionary<PlanValue, CacheStreamSpec> cached, CpuCores cores, RotationTables tables, StepRenderer renderer, CancellationToken cancellationToken)
    {
        var places = new CpuPlaces(body, new Identifiers(s_reserved));
        var models = new CpuStepModels(places, cores, tables, plan, cached);
        string[] steps = Fusions.Of(body).Select(f => models.Text(f, renderer)).ToArray();
        var model = new TemplateModel
        {
            ["logits_given"] = body.Name == BodyNames.Core || body.Name == BodyNames.GradientOf(BodyNames.Core),
            ["weights"] = body.Weights.Select(w => new TemplateModel { ["local"] = places[w], ["property"] = Identifiers.WeightProperty(DerivedWeights.Slice(plan, w)?.Source ?? w.Name), ["shape"] = Shape(plan, w) }).ToArray(),
            ["steps"] = string.Join("\n", steps.Where(s => s.Length > 0)),
            ["per_token"] = places.FloatsPerToken,
            ["per_key"] = places.FloatsPerKey,
            ["has_keys"] = places.FloatsPerKey > 0,
            ["per_row"] = places.FloatsPerRow,
            ["constant"] = places.Floats,
            ["by_row"] = places.FloatsPerRow + places.Floats > 0,
            ["parts"] = places.Parts,
        };
        return TemplateLibrary.Render("cpu/body", model, cancellationToken);
    }
}
