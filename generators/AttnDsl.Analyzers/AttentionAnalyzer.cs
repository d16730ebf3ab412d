using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Threading;
using AttnDsl.Compiler;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;
using AttnDsl.Generators;
using AttnDsl.Generators.Reading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace AttnDsl.Analyzers;

/// <summary>Reports every broken rule where it is written. Reader and rules are the generator's, so what is reported and what is refused cannot differ.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class AttentionAnalyzer : DiagnosticAnalyzer
{
    private readonly RuleBook _rules;

    /// <summary>The analyzer as the compiler loads it.</summary>
    public AttentionAnalyzer()
        : this(new CompilerRules())
    {
    }

    /// <summary>Tests put their own rules here.</summary>
    internal AttentionAnalyzer(RuleBook rules)
    {
        _rules = rules;
        SupportedDiagnostics = rules.Rules.Select(RuleDiagnostics.Of).ToImmutableArray();
    }

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; }

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(start =>
        {
            // Projects that do not reference the vocabulary pay nothing per type.
            if (start.Compilation.GetTypesByMetadataName(DslAttributes.BaseType).Length > 0)
            {
                CompileOptions options = ProjectFacts.Of(start.Compilation);
                start.RegisterSymbolAction(symbol => Analyze(symbol, options), SymbolKind.NamedType);
            }
        });
    }

    private void Analyze(SymbolAnalysisContext context, CompileOptions options)
    {
        var type = (INamedTypeSymbol)context.Symbol;
        CancellationToken cancellationToken = context.CancellationToken;
        ImmutableArray<DslAttribute> attributes = DslAttributes.Of(type, cancellationToken);
        if (attributes.IsEmpty)
        {
            return;
        }

        AttentionSpec spec = SpecReader.Read(type, attributes, cancellationToken);
        SpecLocations locations = SpecLocations.Of(type, attributes, cancellationToken);
        foreach (RuleViolation violation in Check(spec, options, cancellationToken))
        {
            context.ReportDiagnostic(RuleDiagnostics.At(
                locations.Find(violation.AttributeIndex, violation.Argument),
                violation,
                violation.RelatedAttribute < 0 ? null : [locations.Find(violation.RelatedAttribute, null)],
                Properties(violation)));
        }
    }

    /// <summary>An exception becomes the type's own diagnostic, as in the generator, which has no place to point at.</summary>
    private IReadOnlyList<RuleViolation> Check(AttentionSpec spec, CompileOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return [.. _rules.Check(spec, options, cancellationToken)];
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return [RuleDiagnostics.Failure(spec.Target, exception)];
        }
    }

    private static ImmutableDictionary<string, string?> Properties(RuleViolation violation)
    {
        ImmutableDictionary<string, string?> properties = ImmutableDictionary<string, string?>.Empty;
        if (violation.Argument is { } argument)
        {
            properties = properties.Add(DiagnosticProperties.Argument, argument);
        }

        return violation.Legal.Count == 0 ? properties : properties.Add(DiagnosticProperties.Legal, string.Join(",", violation.Legal));
    }
}
