using System.Collections.Generic;
using System.Linq;
using System.Threading;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Spec;
using Scriban.Runtime;

namespace AttnDsl.Compiler.Emit.Cpu;

/// <summary>Writes the composition of the runtime's SIMD kernels that a layer is: every hot loop is in the runtime, compiled for speed whatever the user's build is.</summary>
internal static class CpuEmitter
{
    private static readonly string[] s_reserved =
    [
        "weights", "gradients", "rows", "block", "cache", "count", "threads", "cancellationToken", "outputGradient", "inputGradient", "queryGradient", "keyGradient", "valueGradient",
        "query", "key", "value", "keys", "values", "output", "lse", "logits", "logitGradient", "scratch",
    ];

    /// <summary>Why this backend cannot run the plan, or null.</summary>
    public static string? Refusal(AttentionPlan plan)
    {
        PlanStep[] steps = plan.Bodies.Values.SelectMany(b => b.Steps).ToArray();
        PlanStep? missing = steps.FirstOrDefault(s => !TemplateLibrary.Exists("cpu/steps/" + s.Kind));
        return missing is not null
            ? "it has no step " + missing.Kind
            : plan.Bodies[BodyNames.Core].Weights.Count() > 1
            ? "its core takes one learned tensor, one logit per score head"
            : steps.OfType<AttendStep>().Select(CpuCores.Refusal).FirstOrDefault(r => r is not null);
    }

    public static string Emit(AttentionPlan plan, TargetType target, CancellationToken cancellationToken)
    {
        var cores = new CpuCores(plan.Buffers);
        var tables = new RotationTables();
        var renderer = new StepRenderer("cpu", "float", counting: false, cancellationToken);
        var bodies = new ScriptObject();
        foreach (PlanBody body in plan.Bodies.Values)
        {
            bodies[body.Name.Replace('.', '_')] = Body(plan, body, cores, tables, renderer);
        }

        LayerWidths w = plan.Widths;
        var model = new ScriptObject
        {
            ["version"] = SourceFile.Version,
            ["cached"] = plan.Inputs.Cached,
            ["ragged"] = plan.Inputs.Ragged,
            ["causal"] = plan.Inputs.Alignment is { } alignment ? "global::AttnDsl.CausalAlign." + alignment : "null",
            ["decode_is_prefill"] = plan.Inputs.Cached && plan.Bodies[BodyNames.Decode].IsSameAs(plan.Bodies[BodyNames.Prefill]),
            ["dim"] = w.Dim,
            ["query_heads"] = w.QueryHeads,
            ["key_heads"] = w.KeyHeads,
            ["value_heads"] = w.ValueHeads,
            ["score_heads"] = w.ScoreHeads,
            ["key_width"] = w.KeyWidth,
            ["value_width"] = w.ValueWidth,
            ["formula"] = new ScriptArray(plan.Formula.Select(XmlText.Escape)),
            ["bodies"] = bodies,
            ["logits"] = plan.Bodies[BodyNames.Core].Weights.Select(w => "weights." + Identifiers.WeightProperty(w.Name) + ".Data").FirstOrDefault() ?? "default",
            ["logit_count"] = plan.Bodies[BodyNames.Core].Weights.Sum(w => w.Type.ConstantElements),
            ["streams"] = new ScriptArray(plan.Cache.Streams.Select(s => new ScriptObject { ["name"] = s.Name, ["heads"] = s.Heads, ["width"] = s.Width, ["content"] = s.Content })),
        };
        model["cores"] = new ScriptArray(cores.All);
        model["tables"] = new ScriptArray(cores.Tables.Concat(tables.All));
        string[] header =
        [
            "Fused CPU kernels of " + target.Self.Name + ", composed for this layer: AVX-512, AVX2 or Vector128, chosen at run time.",
            "",
            .. plan.Formula,
            "",
            "Attention runs in register tiles with an online softmax in base 2; no matrix of scores exists. Memory: the intermediates of a block, linear in its tokens.",
        ];
        return SourceFile.Wrap(target, header, [], TemplateLibrary.Render("cpu/class", model, cancellationToken));
    }

    private static ScriptObject Body(AttentionPlan plan, PlanBody body, CpuCores cores, RotationTables tables, StepRenderer renderer)
    {
        var places = new CpuPlaces(body, new Identifiers(s_reserved));
        var models = new CpuStepModels(places, cores, tables, plan.Cache.Streams.ToArray());
        string[] steps = Fusions.Of(body).Select(f => models.Text(f, renderer)).ToArray();
        return new ScriptObject
        {
            ["weights"] = new ScriptArray(body.Weights.Select(w => new ScriptObject { ["local"] = places[w], ["property"] = Identifiers.WeightProperty(w.Name), ["shape"] = w.Type.ToString() })),
            ["steps"] = string.Join("\n", steps.Where(s => s.Length > 0)),
            ["per_token"] = places.FloatsPerToken,
            ["parts"] = places.Parts,
        };
    }
}
