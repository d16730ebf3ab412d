using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using AttnDsl.Compiler.Emit;
using AttnDsl.Compiler.Emit.Cpu;
using AttnDsl.Compiler.Emit.Reference;
using AttnDsl.Compiler.Emit.Torch;
using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler;

/// <summary>The whole compiler behind one call: spec in, violations and source text out.</summary>
public static class AttentionCompiler
{
    private const string ReferenceName = "reference";
    private const string CpuName = "CPU";
    private const string TorchName = "TorchSharp";

    /// <param name="spec">What the user wrote.</param>
    /// <param name="options">Facts about the project.</param>
    /// <param name="cancellationToken">Checked between files.</param>
    /// <returns>Every broken rule, and the files; no file when a rule is an error.</returns>
    public static CompileResult Compile(AttentionSpec spec, CompileOptions options, CancellationToken cancellationToken = default)
    {
        EquatableArray<RuleViolation> violations = RuleEngine.Check(spec);
        if (HasError(violations))
        {
            return new CompileResult(violations, default);
        }

        AttentionPlan plan = LayerCompiler.Lower(spec);
        EquatableArray<RuleViolation> refusals = Refusals(plan, spec.Target, options).ToEquatableArray();
        return new CompileResult(violations.Concat(refusals).ToEquatableArray(), Files(plan, spec.Target, options, refusals, cancellationToken).ToEquatableArray());
    }

    /// <summary>What <see cref="Compile"/> would report, without writing anything: for the analyzer.</summary>
    public static EquatableArray<RuleViolation> Check(AttentionSpec spec, CompileOptions? options = null)
    {
        EquatableArray<RuleViolation> violations = RuleEngine.Check(spec);
        return HasError(violations) || !spec.Has("Attention") ? violations : violations.Concat(Refusals(LayerCompiler.Lower(spec), spec.Target, options ?? new CompileOptions())).ToEquatableArray();
    }

    /// <summary>Backends that cannot run a plan or train what it says, each with its reason.</summary>
    internal static IEnumerable<RuleViolation> Refusals(AttentionPlan plan, TargetType target, CompileOptions options)
    {
        if (ReferenceEmitter.Refusal(plan) is { } reason)
        {
            yield return new RuleViolation(RuleTable.BackendRefuses, -1, null, EquatableArray.Of(ReferenceName, reason));
        }

        if (CpuEmitter.Refusal(plan) is { } cpuReason)
        {
            yield return new RuleViolation(RuleTable.BackendRefuses, -1, null, EquatableArray.Of(CpuName, cpuReason));
        }

        if (options.Torch && TorchEmitter.Refusal(plan, target) is { } torchReason)
        {
            yield return new RuleViolation(RuleTable.BackendRefuses, -1, null, EquatableArray.Of(TorchName, torchReason));
        }
        else if (options.Torch && plan.NoGradient is { } noGradient)
        {
            yield return new RuleViolation(RuleTable.ModuleCannotTrain, -1, null, EquatableArray.Of(target.Self.Name, noGradient));
        }
    }

    private static bool HasError(EquatableArray<RuleViolation> violations) => violations.Any(v => v.Rule.Severity == RuleSeverity.Error);

    private static bool Refuses(EquatableArray<RuleViolation> refusals, string backend) => refusals.Any(r => r.Rule == RuleTable.BackendRefuses && r.MessageArguments[0] == backend);

    private static GeneratedFile[] Files(AttentionPlan plan, TargetType target, CompileOptions options, EquatableArray<RuleViolation> refusals, CancellationToken cancellationToken)
    {
        var pieces = new List<Func<GeneratedFile>>();
        Add("Spec", () => SpecEmitter.Emit(plan, target, cancellationToken));
        Add("Weights", () => WeightsEmitter.Emit(plan, target, cancellationToken));
        if (plan.Inputs.Cached)
        {
            Add("Cache", () => CacheEmitter.Emit(plan, target, cancellationToken));
        }

        if (!Refuses(refusals, CpuName))
        {
            Add("Cpu", () => CpuEmitter.Emit(plan, target, cancellationToken));
        }

        if (options.Torch && !Refuses(refusals, TorchName))
        {
            Add("Torch", () => TorchEmitter.Emit(plan, target, cancellationToken));
        }

        if (!Refuses(refusals, ReferenceName))
        {
            Add("Reference", () => ReferenceEmitter.Emit(plan, target, ScalarType.Double, cancellationToken));
            if (options.Yardstick)
            {
                Add("ReferenceSingle", () => ReferenceEmitter.Emit(plan, target, ScalarType.Single, cancellationToken));
            }
        }

        return TwoEnds.Run(pieces);

        void Add(string kind, Func<string> text) => pieces.Add(() =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new GeneratedFile(target.HintName + "." + kind + ".g.cs", text());
        });
    }
}
