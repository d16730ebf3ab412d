using System.Collections.Generic;
using System.Linq;
using System.Threading;
using AttnDsl.Compiler.Emit.Cpu;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Emit.Torch;

/// <summary>Writes the TorchSharp module of a layer: torch operations that differentiate themselves, around a core that may be the CPU's kernels.</summary>
internal static class TorchEmitter
{
    private const string ClassName = "Module";

    /// <summary>Names that the templates use.</summary>
    private static readonly string[] s_reserved = ["rows", "cache", "scope", "torch", "dtype", "device", "query", "key", "value", "hidden", "s", "i", "j", "h", "p"];

    /// <summary>Why this backend cannot run the plan, or null.</summary>
    public static string? Refusal(AttentionPlan plan, TargetType target)
    {
        PlanStep[] steps = Printed(plan).SelectMany(b => b.Steps).ToArray();
        PlanStep? missing = steps.FirstOrDefault(s => !TemplateLibrary.Exists("torch/steps/" + s.Kind));
        AttendStep[] cores = steps.OfType<AttendStep>().ToArray();
        return NameTaken(target) ? "the class uses the name " + ClassName + " itself"
            : missing is not null ? "it has no step " + missing.Kind
            : DerivedWeights.Refusal(plan) is { } derived ? derived
            : cores.Select(c => c.Settings.Mask).Distinct().Count() != 1 ? "it has one mask in a layer"
            : cores.Select(TorchCore.Refusal).FirstOrDefault(r => r is not null);
    }

    public static string Emit(AttentionPlan plan, TargetType target, CancellationToken cancellationToken)
    {
        PlanBody[] bodies = Printed(plan).ToArray();
        var tables = new TorchTables(plan.Buffers);
        var parameters = new TorchParameters(plan.Weights, bodies);
        var renderer = new StepRenderer("torch", "torch", counting: false, cancellationToken);
        PlanBody core = plan.Bodies[BodyNames.Core];
        AttendStep own = core.Steps.OfType<AttendStep>().Single();
        AttendStep[] others = bodies.SelectMany(b => b.Steps).OfType<AttendStep>().GroupBy(TorchCore.Key).Select(g => g.First()).Where(c => TorchCore.Key(c) != TorchCore.Key(own)).ToArray();
        Dictionary<string, string> methods = others.Select((c, i) => (Key: TorchCore.Key(c), Name: "OtherCore" + (i == 0 ? "" : (i + 1).ToString(System.Globalization.CultureInfo.InvariantCulture)))).ToDictionary(c => c.Key, c => c.Name);
        LayerWidths w = plan.Widths;
        var model = new TemplateModel
        {
            ["version"] = SourceFile.Version,
            ["type_name"] = target.Self.Name,
            ["t"] = TypeParameter.Fresh(target, "TScalar"),
            ["cached"] = plan.Inputs.Cached,
            ["ragged"] = plan.Inputs.Ragged,
            ["causal_align"] = plan.Inputs.Alignment is { } alignment ? "global::AttnDsl.CausalAlign." + alignment : "null",
            ["dim"] = w.Dim,
            ["query_heads"] = w.QueryHeads,
            ["key_heads"] = w.KeyHeads,
            ["value_heads"] = w.ValueHeads,
            ["score_heads"] = w.ScoreHeads,
            ["key_width"] = w.KeyWidth,
            ["value_width"] = w.ValueWidth,
            ["formula"] = XmlText.Paragraphs(plan.Formula),
            ["no_gradient"] = plan.NoGradient ?? "",
            ["names"] = string.Join(", ", plan.Weights.Where(weight => weight.IsStored).Select(weight => "\"" + weight.Name + "\"")),
            ["fields"] = parameters.Fields.ToArray(),
            ["core_cached"] = CpuEmitter.ReadsCache(plan),
            ["has_kernels"] = CpuEmitter.Refusal(plan) is null,
            ["streams"] = CacheStreams.Models(plan.Cache),
            ["states"] = CacheStreams.States(plan.Cache),
            ["ring"] = CacheStreams.Ring(plan.Cache),
            ["train"] = Body(plan, plan.Bodies[BodyNames.Train], methods, parameters, tables, renderer),
            ["core"] = TorchCore.Model(own, tables, parameters),
            ["others"] = others.Select(c => TorchCore.Model(c, tables, parameters, methods[TorchCore.Key(c)])).ToArray(),
            ["apart"] = HasFew(plan),
            ["few_tokens"] = plan.FewTokens,
        };
        if (plan.Inputs.Cached)
        {
            model["prefill"] = Body(plan, plan.Bodies[BodyNames.Prefill], methods, parameters, tables, renderer);
        }

        if (HasFew(plan))
        {
            model["few"] = Body(plan, plan.Bodies[BodyNames.Decode], methods, parameters, tables, renderer);
        }

        model["tables"] = tables.Fields.ToArray();
        string[] header = [.. new[] { "TorchSharp module of " + target.Self.Name + (plan.NoGradient is null ? ": trains on any dtype and device." : ": evaluates on any dtype and device."), "" }, .. plan.Formula];
        return SourceFile.Wrap(target, header, [], "torch/class", model, cancellationToken);
    }

    /// <summary>Backwards are left to autograd.</summary>
    private static IEnumerable<PlanBody> Printed(AttentionPlan plan) =>
        plan.Bodies.Values.Where(b => b.Name is BodyNames.Train or BodyNames.Core or BodyNames.Prefill || (b.Name is BodyNames.Decode && HasFew(plan)));

    /// <summary>Few new tokens have steps of their own.</summary>
    private static bool HasFew(AttentionPlan plan) => plan.Inputs.Cached && !plan.Bodies[BodyNames.Decode].IsSameAs(plan.Bodies[BodyNames.Prefill]);

    private static bool NameTaken(TargetType target) =>
        target.Self.Name.TrimStart('@') == ClassName
        || target.DeclaredMembers.Any(m => m.TrimStart('@') == ClassName)
        || target.Self.TypeParameters.Any(p => p.TrimStart('@') == ClassName);

    private static TemplateModel Body(AttentionPlan plan, PlanBody body, IReadOnlyDictionary<string, string> cores, TorchParameters parameters, TorchTables tables, StepRenderer renderer)
    {
        var identifiers = new Identifiers(new HashSet<string>(s_reserved.Concat(parameters.Fields.Select(f => (string)f["name"]!)), System.StringComparer.Ordinal));
        var models = new TorchStepModels(parameters, tables, plan.Cache, cores, identifiers, body);
        return new TemplateModel
        {
            ["steps"] = string.Join("\n", Fusions.Of(body).Select(f => models.Text(f, renderer).Trim('\n')).ToArray()),
            ["result"] = models[body.Outputs[0]],
        };
    }
}
