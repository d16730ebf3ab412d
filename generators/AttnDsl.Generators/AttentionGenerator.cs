using System;
using System.Collections.Immutable;
using System.Linq;
using System.Threading;
using AttnDsl.Compiler;
using AttnDsl.Compiler.Spec;
using AttnDsl.Generators.Reading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AttnDsl.Generators;

/// <summary>
/// Writes the attention layer of every type that carries <c>[Attention]</c>. Symbols end in <see cref="SpecReader"/>; from there on only comparable values flow,
/// so an edit elsewhere in the project runs no output step. Broken rules are the analyzer's to report: a type that breaks one of severity error simply gets no code.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class AttentionGenerator : IIncrementalGenerator
{
    private readonly CompileStep _compile;

    /// <summary>The generator as the compiler loads it.</summary>
    public AttentionGenerator()
        : this(AttentionCompiler.Compile)
    {
    }

    /// <summary>Tests put their own compile step here.</summary>
    internal AttentionGenerator(CompileStep compile) => _compile = compile;

    /// <summary>The whole compiler: a spec and facts in, violations and text out.</summary>
    internal delegate CompileResult CompileStep(AttentionSpec spec, CompileOptions options, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        // Values on the way are classes throughout: for every struct among them a fresh compiler process would compile Roslyn's tables once more.
        IncrementalValuesProvider<AttentionSpec> specs = context.SyntaxProvider
            .ForAttributeWithMetadataName(DslAttributes.Trigger, static (node, _) => node is TypeDeclarationSyntax, ReadSpec)
            .Where(static spec => spec is not null)
            .Select(static (spec, _) => spec!)
            .WithTrackingName(TrackingNames.Specs);

        IncrementalValueProvider<SharedHints> sharedHints = specs
            .Select(static (spec, _) => spec.Target.HintName)
            .Collect()
            .Select(static (hints, _) => SharedHints.Among(hints))
            .WithTrackingName(TrackingNames.SharedHints);

        IncrementalValueProvider<CompileOptions> options = context.CompilationProvider
            .Select(static (compilation, _) => ProjectFacts.Of(compilation))
            .Combine(context.AnalyzerConfigOptionsProvider.Select(static (provider, _) => ProjectFacts.Of(provider)))
            .Select(static (facts, _) => facts.Left with { Yardstick = facts.Right.Yardstick })
            .WithTrackingName(TrackingNames.Options);

        IncrementalValuesProvider<GenerationResult> results = specs
            .Combine(sharedHints)
            .Select(static (pair, _) => WithDistinctHint(pair.Left, pair.Right))
            .Combine(options)
            .WithTrackingName(TrackingNames.Inputs)
            .Select((input, cancellationToken) => Generation.Run(_compile, input.Left, input.Right, cancellationToken))
            .WithTrackingName(TrackingNames.Results);

        context.RegisterSourceOutput(results, Generation.Emit);
    }

    /// <summary>A type with the trigger on several parts comes by once per part; only its first part speaks, with the attributes of all of them.</summary>
    private static AttentionSpec? ReadSpec(GeneratorAttributeSyntaxContext context, CancellationToken cancellationToken)
    {
        // While it is being typed, a declaration may have no name yet; there is nothing to reopen then.
        if (context.TargetSymbol is not INamedTypeSymbol { Name.Length: > 0 } type)
        {
            return null;
        }

        ImmutableArray<DslAttribute> attributes = DslAttributes.Of(type, cancellationToken);
        AttributeSyntax? first = attributes.FirstOrDefault(attribute => attribute.Data.AttributeClass!.Name == "AttentionAttribute")?.Syntax;
        if (first is null || context.TargetNode != first.Parent?.Parent)
        {
            return null;
        }

        AttentionSpec spec = SpecReader.Read(type, attributes, cancellationToken);
        WarmUp.Offer(spec);
        return spec;
    }

    private static AttentionSpec WithDistinctHint(AttentionSpec spec, SharedHints shared) =>
        shared.Contains(spec.Target.HintName)
            ? spec with { Target = spec.Target with { HintName = HintNames.Distinct(spec.Target) } }
            : spec;
}
