using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using AttnDsl.Compiler;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace AttnDsl.Generators;

/// <summary>What the output step writes for one type.</summary>
/// <param name="Files">Generated files; empty when a rule of severity error is broken or the compiler failed.</param>
/// <param name="Failure">Stands for what the compiler threw, or null.</param>
internal sealed record GenerationResult(EquatableArray<GeneratedFile> Files, RuleViolation? Failure);

/// <summary>Runs the compiler for one type and hands its files to Roslyn; a failure stays with that type.</summary>
internal static class Generation
{
    /// <summary>Any exception but cancellation becomes the result's failure: one that escaped would cost every other type its code (CS8785).</summary>
    public static GenerationResult Run(AttentionGenerator.CompileStep compile, AttentionSpec spec, CompileOptions options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        WarmUp.Over();
        try
        {
            CompileResult result = compile(spec, options, cancellationToken);
            return new GenerationResult(result.HasErrors ? default : Normalise(result.Files, spec.Target.HintName), Failure: null);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return new GenerationResult(default, RuleDiagnostics.Failure(spec.Target, exception));
        }
    }

    public static void Emit(SourceProductionContext context, GenerationResult result)
    {
        if (result.Failure is { } failure)
        {
            context.ReportDiagnostic(RuleDiagnostics.At(Location.None, failure));
        }

        foreach (GeneratedFile file in result.Files)
        {
            context.AddSource(file.HintName, SourceText.From(file.Text, Encoding.UTF8));
        }
    }

    /// <summary>LF line ends, and names that cannot meet another type's: Roslyn drops the whole generator's output over one name used twice.</summary>
    private static EquatableArray<GeneratedFile> Normalise(EquatableArray<GeneratedFile> files, string stem)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (GeneratedFile file in files)
        {
            string kind = file.HintName.StartsWith(stem + ".", StringComparison.Ordinal) && file.HintName.EndsWith(".g.cs", StringComparison.Ordinal)
                ? file.HintName.Substring(stem.Length, file.HintName.Length - stem.Length - ".g.cs".Length)
                : "";
            if (kind.Length < 2 || kind.LastIndexOf('.') != 0 || !names.Add(file.HintName))
            {
                throw new InvalidOperationException($"File name '{file.HintName}' is not '{stem}.<Kind>.g.cs' or was used twice.");
            }
        }

        return files
            .Select(file => file with { Text = file.Text.Replace("\r\n", "\n").Replace('\r', '\n') })
            .ToEquatableArray();
    }
}
