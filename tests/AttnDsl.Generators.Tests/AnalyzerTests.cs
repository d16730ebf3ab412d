using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using AttnDsl.Analyzers;
using AttnDsl.Compiler;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;
using AttnDsl.Generators.Tests.Harness;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace AttnDsl.Generators.Tests;

/// <summary>Where diagnostics stand and what they say. <c>[|...|]</c> marks the expected place.</summary>
public sealed class AnalyzerTests : GeneratorHarness
{
    [Fact]
    public async Task A_wrong_argument_is_underlined_with_its_nearest_legal_values()
    {
        Diagnostic diagnostic = await Single("[Attention(2048, 32)] [GroupedQuery([|kv: 5|])] public partial class Layer;");

        Assert.Equal("ATTN0202", diagnostic.Id);
        Assert.StartsWith("kv: 5 does not divide the 32 query heads; ", diagnostic.GetMessage(), StringComparison.Ordinal);
        Assert.Equal(DiagnosticSeverity.Error, diagnostic.Severity);
        Assert.Equal("AttnDsl", diagnostic.Descriptor.Category);
        Assert.Equal("docs/diagnostics/ATTN0202.md", diagnostic.Descriptor.HelpLinkUri);
        Assert.Equal("kv", diagnostic.Properties[DiagnosticProperties.Argument]);
        Assert.Equal("4,8", diagnostic.Properties[DiagnosticProperties.Legal]);
    }

    [Theory]
    [InlineData("[Attention(2048, [|0|])] public partial class Layer;", "ATTN0101")]
    [InlineData("[Attention(heads: 2, dim: [|-4|])] public partial class Layer;", "ATTN0101", "dim: [|-4|]", "[|dim: -4|]")]
    [InlineData("[Attention(8, 2)] [Rope([|RotaryDim = 3|])] public partial class Layer;", "ATTN0304")]
    [InlineData("[Attention(8, 2)] [|[Rope, SparseQuery]|] public partial class Layer;", "ATTN0208", "[|[Rope, SparseQuery]|]", "[Rope, [|SparseQuery|]]")]
    [InlineData("[[|GroupedQuery(2)|]] public partial class Layer;", "ATTN0009")]
    [InlineData("[Attention(8, 2)] public class [|Layer|];", "ATTN0001")]
    [InlineData("[Attention(8, 2)] public abstract partial class [|Layer|]<T>;", "ATTN0004")]
    [InlineData("[Attention(8, 2)] public partial class [|Layer|] { public class Weights; }", "ATTN0008")]
    [InlineData("public class Outer { [Attention(8, 2)] public partial class [|Layer|]; }", "ATTN0002")]
    [InlineData("[Attention(8, 2)] file partial class [|Layer|];", "ATTN0007")]
    [InlineData("[Attention(8, 2)] public partial record [|Layer|];", "ATTN0005")]
    [InlineData("[Attention(8, 2)] public partial struct [|Layer|];", "ATTN0006")]
    [InlineData("[Attention(8, 2)] public partial interface [|Layer|];", "ATTN0006")]
    [InlineData("[Attention(8, 2)] public static partial class [|Layer|];", "ATTN0003")]
    public async Task Places(string marked, string id, string find = "", string replace = "") =>
        Assert.Equal(id, (await Single(find.Length == 0 ? marked : marked.Replace(find, replace, StringComparison.Ordinal))).Id);

    [Fact]
    public async Task The_other_attribute_of_a_conflict_is_an_additional_location()
    {
        (SourceFile source, ImmutableArray<TextSpan> spans) = Mark("[Attention(8, 2)] [[|Causal|]] [[|Bidirectional|]] public partial class Layer;");
        Diagnostic diagnostic = Assert.Single(await Analyze(source));

        Assert.Equal(RuleTable.CausalAndBidirectional.Id, diagnostic.Id);
        Assert.Equal(spans[1], diagnostic.Location.SourceSpan);
        Assert.Equal(spans[0], Assert.Single(diagnostic.AdditionalLocations).SourceSpan);
    }

    [Fact]
    public async Task Parts_in_two_files_are_one_stack_and_report_once()
    {
        SourceFile one = new("/project/One.cs", "using AttnDsl; [Attention(8, 4)] public partial class Layer;");
        SourceFile two = new("/project/Two.cs", "using AttnDsl; [GroupedQuery(3)] partial class Layer;");

        Diagnostic diagnostic = Assert.Single(await Analyze(two, one));

        Assert.Equal("/project/Two.cs", diagnostic.Location.SourceTree?.FilePath);
        Assert.Equal("3", two.Text.Substring(diagnostic.Location.SourceSpan.Start, diagnostic.Location.SourceSpan.Length));
    }

    [Fact]
    public async Task A_rule_about_the_type_points_at_the_part_with_the_trigger()
    {
        SourceFile plain = new("/project/A.cs", "using AttnDsl; [Causal] abstract partial class Layer;");
        SourceFile trigger = new("/project/B.cs", "using AttnDsl; [Attention(8, 4)] public partial class Layer;");
        Assert.Equal("/project/B.cs", Assert.Single(await Analyze(plain, trigger)).Location.SourceTree?.FilePath);
    }

    [Fact]
    public async Task An_argument_that_was_not_written_is_reported_at_its_attribute()
    {
        (SourceFile source, ImmutableArray<TextSpan> spans) = Mark("[Attention(8, 2)] [[|Rope|]] public partial class Layer;");
        Diagnostic diagnostic = Assert.Single(await AnalyzerRun.DiagnosticsAsync(
            TestCompilation.Create([source]),
            new AttentionAnalyzer(new FixedRules(spec => [new RuleViolation(FixedRules.Rule, 1, "theta", EquatableArray.Of("x"))]))));

        Assert.Equal(spans[0], diagnostic.Location.SourceSpan);
        Assert.Equal("theta", diagnostic.Properties[DiagnosticProperties.Argument]);
        Assert.False(diagnostic.Properties.ContainsKey(DiagnosticProperties.Legal));
    }

    [Fact]
    public async Task Severities_and_messages_are_the_tables()
    {
        ImmutableArray<Diagnostic> diagnostics = await AnalyzerRun.DiagnosticsAsync(
            TestCompilation.Create([(SourceFile)"[AttnDsl.Attention(8, 2)] public partial class Layer;"]).WithOptions(TestCompilation.Options.WithGeneralDiagnosticOption(ReportDiagnostic.Default)),
            new AttentionAnalyzer(new FixedRules(spec => [new RuleViolation(FixedRules.Rule, 0, null, EquatableArray.Of("braces {0}"))])));

        Assert.Equal("Said of braces {0}.", Assert.Single(diagnostics).GetMessage());
        Assert.Equal(DiagnosticSeverity.Warning, diagnostics[0].Severity);
    }

    [Fact]
    public async Task Rules_that_throw_are_a_diagnostic_of_that_type_only()
    {
        (SourceFile source, ImmutableArray<TextSpan> spans) = Mark("[Attention(8, 2)] public partial class [|Bad|]; [Attention(8, 2)] public partial class Good;");
        Diagnostic diagnostic = Assert.Single(await AnalyzerRun.DiagnosticsAsync(
            TestCompilation.Create([source]),
            new AttentionAnalyzer(new FixedRules(spec => spec.Target.Self.Name == "Bad" ? throw new InvalidOperationException("why") : []))));

        Assert.Equal(RuleTable.InternalFailure.Id, diagnostic.Id);
        Assert.Contains("InvalidOperationException: why", diagnostic.GetMessage(), StringComparison.Ordinal);
        Assert.Equal(spans[0], diagnostic.Location.SourceSpan);
    }

    [Fact]
    public async Task Generated_members_are_not_names_the_user_took()
    {
        GenerationRun run = Generate(
            "[AttnDsl.Attention(8, 2)] public partial class Layer;",
            new() { Compile = (spec, _, _) => new(default, EquatableArray.Of(new GeneratedFile("Layer.Spec.g.cs", "partial class Layer { private static class Spec; private class Weights<T>; }"))) });

        Assert.Single(run.Files);
        Assert.Empty(await AnalyzerRun.DiagnosticsAsync(run.Output));
    }

    [Fact]
    public async Task A_project_without_the_vocabulary_reports_nothing()
    {
        var compilation = TestCompilation.Create([(SourceFile)"public partial class Layer;"]);
        Assert.Empty(await AnalyzerRun.DiagnosticsAsync(compilation.WithReferences(Basic.Reference.Assemblies.Net100.References.All)));
    }

    [Theory]
    [InlineData("[Attention(8, 2)] [GroupedQuery] public partial class Layer;")]
    [InlineData("[Attention] public partial class Layer;")]
    [InlineData("[Attention(3_000_000_000, 2)] public partial class Layer;")]
    [InlineData("[Attention(8, 2)] [GroupedQuery(kv: \"two\")] public partial class Layer;")]
    [InlineData("[Attention(8, 2)] [Causal(CausalAlign.Middle)] public partial class Layer;")]
    [InlineData("[Attention(8, 2), Attention(8, 2)] public partial class Layer;")]
    public async Task What_the_compiler_refuses_is_reported_too(string source) =>
        Assert.NotEmpty(await Analyze("using AttnDsl;\n" + source));

    [Theory]
    [InlineData("[Attention(8, 2)] public partial class Layer;")]
    [InlineData("[Attention(8, 2)] [Rope] [Alibi] public partial class Layer;")]
    [InlineData("[Attention(8, 2)] [GroupedQuery(3)] public partial class Layer;")]
    [InlineData("[Attention(8, 2)] [Causal] [Bidirectional] public partial class Layer;")]
    [InlineData("[Attention(8, 2)] public partial record Layer;")]
    [InlineData("[Attention(8, 2)] public partial class Layer { class Spec; }")]
    [InlineData("[Attention(int.MaxValue, int.MaxValue)] public partial class Layer;")]
    [InlineData("[Attention(int.MinValue, int.MinValue)] public partial class Layer;")]
    public async Task The_generator_refuses_exactly_what_the_analyzer_calls_an_error(string source)
    {
        SourceFile file = "using AttnDsl;\n" + source;
        GenerationRun run = Generate(file, new()
        {
            Compile = (spec, options, cancellationToken) => SkeletonEmitter.Compile(spec, options, cancellationToken) with { Violations = RuleEngine.Check(spec) },
        });

        ImmutableArray<Diagnostic> diagnostics = await Analyze(file);
        Assert.Equal(run.Files.Count == 0, diagnostics.Any(diagnostic => diagnostic.DefaultSeverity == DiagnosticSeverity.Error));
    }

    private static (SourceFile Source, ImmutableArray<TextSpan> Spans) Mark(string marked) => AnalyzerRun.Markup("using AttnDsl;\n" + marked);

    private static Task<ImmutableArray<Diagnostic>> Analyze(params SourceFile[] files) => AnalyzerRun.DiagnosticsAsync(TestCompilation.Create(files));

    private static async Task<Diagnostic> Single(string marked)
    {
        (SourceFile source, ImmutableArray<TextSpan> spans) = Mark(marked);
        Diagnostic diagnostic = Assert.Single(await Analyze(source));
        Assert.Equal(Assert.Single(spans), diagnostic.Location.SourceSpan);
        return diagnostic;
    }

    private sealed class FixedRules(Func<AttentionSpec, IEnumerable<RuleViolation>> check) : RuleBook
    {
        public static readonly RuleDescriptor Rule = new("ATTN9999", RuleSeverity.Warning, "A test's rule", "Said of {0}.");

        public override ImmutableArray<RuleDescriptor> Rules => [Rule, RuleTable.InternalFailure];

        public override IEnumerable<RuleViolation> Check(AttentionSpec spec, CompileOptions options, CancellationToken cancellationToken) => check(spec);
    }
}
