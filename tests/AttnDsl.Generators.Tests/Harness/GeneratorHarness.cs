using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AttnDsl.Generators.Tests.Harness;

/// <summary>What a test changes about a run; the checks themselves cannot be changed.</summary>
internal sealed record HarnessOptions
{
    /// <summary>In place of the compiler, for tests of the pipeline around it.</summary>
    public AttentionGenerator.CompileStep? Compile { get; init; }

    /// <summary>Ids of the compiler errors that the test's own source is meant to have, each as often as it occurs.</summary>
    public ImmutableArray<string> SourceErrors { get; init; } = [];

    /// <summary>Ids of the generator's own diagnostics.</summary>
    public ImmutableArray<string> GeneratorDiagnostics { get; init; } = [];

    /// <summary>Beside .NET and AttnDsl.</summary>
    public ImmutableArray<MetadataReference> References { get; init; } = [];
}

/// <summary>
/// Base of every test that runs the generator. Each run is made twice, the second on a clone with everything cached; no step's value may hold a Roslyn object;
/// the generated files must be LF text that compiles with the user's source without a warning at the lowest C# version. There is no way around these checks.
/// </summary>
public abstract class GeneratorHarness
{
    private protected static GenerationRun Generate(SourceFile source, HarnessOptions? options = null) => Generate([source], options);

    private protected static GenerationRun Generate(IReadOnlyList<SourceFile> sources, HarnessOptions? options = null)
    {
        options ??= new HarnessOptions();
        CSharpCompilation input = TestCompilation.Create(sources, options.References);
        GeneratorDriver driver = CreateDriver(options.Compile).RunGeneratorsAndUpdateCompilation(input, out Compilation output, out _);
        GeneratorRunResult first = Checked(driver);
        GeneratorRunResult second = Checked(driver.RunGenerators(input.Clone()));
        TrackedSteps.AssertAllCached(second);
        Assert.Equal(Texts(first), Texts(second));

        AssertIds("Generator diagnostics", options.GeneratorDiagnostics, first.Diagnostics, first);
        AssertCompiles(input, (CSharpCompilation)output, first, options);
        return new GenerationRun(Texts(first), first.Diagnostics, (CSharpCompilation)output);
    }

    /// <summary>A driver that tracks steps; sessions of several edits use it and check every result by <see cref="Checked"/>.</summary>
    private protected static GeneratorDriver CreateDriver(AttentionGenerator.CompileStep? compile = null) => CSharpGeneratorDriver.Create(
        [(compile is null ? new AttentionGenerator() : new AttentionGenerator(compile)).AsSourceGenerator()],
        parseOptions: TestCompilation.ParseOptions,
        driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    /// <summary>The generator's result, after the checks that hold for any run.</summary>
    private protected static GeneratorRunResult Checked(GeneratorDriver driver)
    {
        GeneratorRunResult result = driver.GetRunResult().Results.Single();
        Assert.True(result.Exception is null, $"The generator threw: {result.Exception}");
        TrackedSteps.AssertComparableValues(result);
        foreach (GeneratedSourceResult source in result.GeneratedSources)
        {
            Assert.False(source.SourceText.ToString().Contains('\r', StringComparison.Ordinal), $"{source.HintName} has CR line ends.");
            Assert.True(source.SourceText.Encoding is UTF8Encoding, $"{source.HintName} is not UTF-8; debuggers could not step into it.");
        }

        return result;
    }

    private static GeneratedText[] Texts(GeneratorRunResult result) =>
        [.. result.GeneratedSources
            .Select(source => new GeneratedText(source.HintName, source.SourceText.ToString()))
            .OrderBy(file => file.Hint, StringComparer.Ordinal)];

    private static void AssertCompiles(CSharpCompilation input, CSharpCompilation output, GeneratorRunResult result, HarnessOptions options)
    {
        HashSet<SyntaxTree> users = [.. input.SyntaxTrees];
        ImmutableArray<Diagnostic> all = [.. output.GetDiagnostics().Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning)];
        ImmutableArray<Diagnostic> generated = [.. all.Where(diagnostic => diagnostic.Location.SourceTree is { } tree && !users.Contains(tree))];
        if (generated.Length > 0)
        {
            Assert.Fail($"Generated code does not compile cleanly:\n{Describe(generated)}");
        }

        // The test's own source may have warnings of its own (hostile names do); generated code may not add one.
        HashSet<string> before = [.. input.GetDiagnostics().Where(diagnostic => diagnostic.IsWarningAsError).Select(diagnostic => diagnostic.ToString())];
        ImmutableArray<Diagnostic> added = [.. all.Where(diagnostic => diagnostic.IsWarningAsError && !before.Contains(diagnostic.ToString()))];
        if (added.Length > 0)
        {
            Assert.Fail($"Generated code causes warnings in the user's source:\n{Describe(added)}");
        }

        AssertIds("Compiler errors of the source", options.SourceErrors, [.. all.Where(diagnostic => !diagnostic.IsWarningAsError)], result);
        if (options.SourceErrors.IsEmpty)
        {
            // Some errors only come up when code is written; the warnings of the test's own source are settled by now.
            CSharpCompilation lenient = output.WithOptions(output.Options.WithGeneralDiagnosticOption(ReportDiagnostic.Default));
            var emitted = lenient.Emit(Stream.Null);
            Assert.True(emitted.Success, Describe(emitted.Diagnostics));
        }
    }

    private static void AssertIds(string what, ImmutableArray<string> expected, ImmutableArray<Diagnostic> actual, GeneratorRunResult result)
    {
        string[] ids = [.. actual.Select(diagnostic => diagnostic.Id).Order(StringComparer.Ordinal)];
        if (!ids.SequenceEqual(expected.Order(StringComparer.Ordinal)))
        {
            string files = string.Join(", ", result.GeneratedSources.Select(source => source.HintName));
            Assert.Fail($"{what}: expected [{string.Join(", ", expected)}], got [{string.Join(", ", ids)}].\n{Describe(actual)}\nGenerated: {files}");
        }
    }

    /// <summary>Each diagnostic with the line of source it points at.</summary>
    private static string Describe(ImmutableArray<Diagnostic> diagnostics)
    {
        var text = new StringBuilder();
        foreach (Diagnostic diagnostic in diagnostics.Take(20))
        {
            text.Append(Short(diagnostic.ToString())).Append('\n');
            if (diagnostic.Location.SourceTree is { } tree)
            {
                int line = diagnostic.Location.GetLineSpan().StartLinePosition.Line;
                text.Append("    ").Append(Short(tree.GetText().Lines[line].ToString())).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Short(string text) => text.Length <= 300 ? text : text[..300] + "...";
}
