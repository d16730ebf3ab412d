using System;
using System.Linq;
using System.Threading;
using AttnDsl.Compiler;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;
using AttnDsl.Generators.Tests.Harness;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AttnDsl.Generators.Tests;

/// <summary>A compiler that fails for one type costs that type its code and nobody else.</summary>
public sealed class FailureIsolationTests : GeneratorHarness
{
    private static readonly SourceFile Source = """
        using AttnDsl;
        [Attention(8, 2)] public partial class Good;
        [Attention(8, 2)] public partial class Bad;
        namespace Other { [Attention(8, 2)] public partial class Better; }
        """;

    [Fact]
    public void An_exception_becomes_a_diagnostic_and_the_other_types_keep_their_code()
    {
        GenerationRun run = Run((spec, options, cancellationToken) => spec.Target.Self.Name == "Bad"
            ? throw new InvalidOperationException("first line\r\nsecond line")
            : SkeletonEmitter.Compile(spec, options, cancellationToken));

        Assert.Equal(["Good.Skeleton.g.cs", "Other.Better.Skeleton.g.cs"], run.Files.Select(file => file.Hint));
        Diagnostic failure = Assert.Single(run.Diagnostics);
        Assert.Equal(DiagnosticSeverity.Error, failure.Severity);
        Assert.Contains("'Bad'", failure.GetMessage(), StringComparison.Ordinal);
        Assert.Contains("InvalidOperationException: first line second line at AttnDsl.Generators.Tests.FailureIsolationTests", failure.GetMessage(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Good.Skeleton.g.cs")]
    [InlineData("Bad.g.cs")]
    [InlineData("Bad.Skeleton.cs")]
    [InlineData("Bad.A.B.g.cs")]
    [InlineData("Bad..g.cs")]
    [InlineData("bad.Skeleton.g.cs")]
    public void A_file_name_that_could_meet_another_types_is_refused(string hint)
    {
        GenerationRun run = Run((spec, options, cancellationToken) => spec.Target.Self.Name == "Bad"
            ? new CompileResult(default, EquatableArray.Of(new GeneratedFile(hint, "")))
            : SkeletonEmitter.Compile(spec, options, cancellationToken));

        Assert.Equal(2, run.Files.Count);
        Assert.Contains(hint, Assert.Single(run.Diagnostics).GetMessage(), StringComparison.Ordinal);
    }

    [Fact]
    public void One_file_name_twice_is_refused()
    {
        GenerationRun run = Run((spec, options, cancellationToken) => spec.Target.Self.Name == "Bad"
            ? new CompileResult(default, EquatableArray.Of(new GeneratedFile("Bad.A.g.cs", ""), new GeneratedFile("Bad.a.g.cs", "")))
            : SkeletonEmitter.Compile(spec, options, cancellationToken));

        Assert.Equal(2, run.Files.Count);
    }

    [Fact]
    public void A_violation_of_severity_error_generates_nothing_and_reports_nothing()
    {
        GenerationRun run = Generate(Source, new()
        {
            Compile = (spec, options, cancellationToken) => SkeletonEmitter.Compile(spec, options, cancellationToken) with
            {
                Violations = spec.Target.Self.Name == "Bad" ? EquatableArray.Of(new RuleViolation(RuleTable.NotPartial, -1, null, EquatableArray.Of("Bad"))) : default,
            },
        });

        Assert.Equal(["Good.Skeleton.g.cs", "Other.Better.Skeleton.g.cs"], run.Files.Select(file => file.Hint));
    }

    [Fact]
    public void A_violation_of_severity_warning_leaves_the_code()
    {
        GenerationRun run = Generate(Source, new()
        {
            Compile = (spec, options, cancellationToken) => SkeletonEmitter.Compile(spec, options, cancellationToken) with
            {
                Violations = EquatableArray.Of(new RuleViolation(RuleTable.RopeAndAlibi, 0, null, EquatableArray.Of("A", "B"))),
            },
        });

        Assert.Equal(3, run.Files.Count);
    }

    [Fact]
    public void Cancellation_is_not_a_failure()
    {
        using var source = new CancellationTokenSource();
        GeneratorDriver driver = CreateDriver((_, _, cancellationToken) =>
        {
            source.Cancel();
            cancellationToken.ThrowIfCancellationRequested();
            return new CompileResult(default, default);
        });
        CSharpCompilation compilation = TestCompilation.Create([Source]);

        Assert.ThrowsAny<OperationCanceledException>(() => driver.RunGenerators(compilation, source.Token));
    }

    private static GenerationRun Run(AttentionGenerator.CompileStep compile) =>
        Generate(Source, new() { Compile = compile, GeneratorDiagnostics = [RuleTable.InternalFailure.Id] });
}
