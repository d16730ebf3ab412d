using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Threading;
using AttnDsl.Analyzers;
using AttnDsl.Cli.Stacks;
using AttnDsl.Compiler;
using AttnDsl.Generators;
using AttnDsl.Space.Legality;
using AttnDsl.Space.Stacks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Emit;

namespace AttnDsl.Space.Running;

/// <summary>A stack on its way through compiler, analyzer and generator.</summary>
internal sealed class Trial(Stack stack)
{
    public Stack Stack { get; } = stack;

    /// <summary>What the analyzer reported, by attribute.</summary>
    public List<Fault> Reported { get; } = [];

    public List<Escape> Escapes { get; } = [];

    /// <summary>The loaded layer of a stack that nothing objected to.</summary>
    public CompiledStack? Compiled { get; set; }

    public bool IsLegal => Judge.IsLegal(Reported);

    public void Escape(EscapeKind kind, string what) => Escapes.Add(new Escape(Stack, kind, what));
}

/// <summary>
/// Hundreds of stacks in one compilation, with the real analyzer and generator. Stricter than a user's build: generated code must not even warn, and an exception anywhere is an escape.
/// </summary>
internal static class BatchCompiler
{
    private static readonly CSharpCompilation s_empty = CSharpCompilation.Create(
        "AttnDslSpace",
        references: PlatformReferences.All,
        options: new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary,
            optimizationLevel: OptimizationLevel.Release,
            generalDiagnosticOption: ReportDiagnostic.Error,
            nullableContextOptions: NullableContextOptions.Enable));

    /// <summary>Analyzer over all stacks, generator over the legal ones.</summary>
    /// <param name="stacks">Any stacks.</param>
    /// <param name="thorough">With the reference in float, and with the compiler's analysis of null; both cost as much as all the rest.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    public static Trial[] Compile(IReadOnlyList<Stack> stacks, bool thorough, CancellationToken cancellationToken = default)
    {
        CSharpParseOptions options = thorough ? new CSharpParseOptions(LanguageVersion.Latest, DocumentationMode.Parse) : StackSource.Options;
        Piece[] pieces = [.. stacks.Select((stack, i) => new Piece(stack, i, options, cancellationToken))];
        Analyze(pieces, cancellationToken);
        var generator = new AttentionGenerator((spec, facts, token) => AttentionCompiler.Compile(spec, facts with { Yardstick = thorough }, token));
        CSharpGeneratorDriver driver = CSharpGeneratorDriver.Create([generator.AsSourceGenerator()], parseOptions: options);
        Generate([.. pieces.Where(piece => piece.Trial.IsLegal && piece.Trial.Escapes.Count == 0)], driver, cancellationToken);
        return [.. pieces.Select(piece => piece.Trial)];
    }

    private static CSharpCompilation Compilation(IEnumerable<Piece> pieces) => s_empty.AddSyntaxTrees(pieces.Select(piece => piece.Tree));

    private static void Analyze(Piece[] pieces, CancellationToken cancellationToken)
    {
        Exception? thrown = null;
        var options = new CompilationWithAnalyzersOptions(
            new AnalyzerOptions([]), onAnalyzerException: (exception, _, _) => thrown = exception, concurrentAnalysis: true, logAnalyzerExecutionTime: false);

        // Advice is advice here: only what the compiler itself says of the declarations is not expected.
        CSharpCompilation compilation = Compilation(pieces);
        compilation = compilation.WithOptions(compilation.Options.WithGeneralDiagnosticOption(ReportDiagnostic.Default));
        ImmutableArray<Diagnostic> diagnostics = compilation.WithAnalyzers([new AttentionAnalyzer()], options)
            .GetAllDiagnosticsAsync(cancellationToken).GetAwaiter().GetResult();
        Dictionary<SyntaxTree, Piece> byTree = pieces.ToDictionary(piece => piece.Tree);
        foreach (Diagnostic diagnostic in diagnostics.Where(diagnostic => diagnostic.Severity != DiagnosticSeverity.Hidden))
        {
            if (diagnostic.Location.SourceTree is not { } tree || !byTree.TryGetValue(tree, out Piece? piece))
            {
                EscapeAll(pieces, EscapeKind.Exception, diagnostic.ToString());
            }
            else
            {
                piece.Take(diagnostic);
            }
        }

        if (thrown is not null)
        {
            EscapeAll(pieces, EscapeKind.Exception, "the analyzer threw " + thrown);
        }

        foreach (Trial trial in pieces.Select(piece => piece.Trial))
        {
            IReadOnlyList<Fault> expected = Sheet.Faults(trial.Stack);
            if (!expected.SequenceEqual(Sheet.Ordered(trial.Reported)))
            {
                trial.Escape(EscapeKind.Diagnostics, $"the sheets say {Judge.Text(expected)}; the analyzer says {Judge.Text(trial.Reported)}");
            }
        }
    }

    private static void Generate(Piece[] pieces, CSharpGeneratorDriver generator, CancellationToken cancellationToken)
    {
        // A stack whose generated text does not compile leaves, and the others go on without it.
        while (pieces.Length > 0)
        {
            generator.RunGeneratorsAndUpdateCompilation(Compilation(pieces), out Compilation generated, out ImmutableArray<Diagnostic> driver, cancellationToken);
            if (driver.Length > 0)
            {
                Blame(pieces, EscapeKind.Exception, driver, cancellationToken);
            }
            else
            {
                using MemoryStream image = new();
                EmitResult emitted = generated.Emit(image, cancellationToken: cancellationToken);
                if (emitted.Success)
                {
                    Load(pieces, image);
                    return;
                }

                Blame(pieces, EscapeKind.GeneratedCode, emitted.Diagnostics.Where(d => d.Severity >= DiagnosticSeverity.Warning), cancellationToken);
            }

            pieces = [.. pieces.Where(piece => piece.Trial.Escapes.Count == 0)];
        }
    }

    private static void Load(Piece[] pieces, MemoryStream image)
    {
        image.Position = 0;
        Assembly assembly = new StackLoadContext().LoadFromStream(image);
        foreach (Piece piece in pieces)
        {
            Type type = assembly.GetType(StackSource.Namespace + "." + piece.Source.ClassName, throwOnError: true)!;
            if (type.GetNestedTypes().Length == 0)
            {
                piece.Trial.Escape(EscapeKind.GeneratedCode, "nothing was generated, and no diagnostic says why");
            }
            else
            {
                piece.Trial.Compiled = new CompiledStack(piece.Source.Text, type, []);
            }
        }
    }

    private static void Blame(Piece[] pieces, EscapeKind kind, IEnumerable<Diagnostic> diagnostics, CancellationToken cancellationToken)
    {
        foreach (Diagnostic diagnostic in diagnostics)
        {
            string text = diagnostic.ToString();
            HashSet<string> classes =
            [
                .. diagnostic.Location.SourceTree?.GetRoot(cancellationToken).DescendantNodes().OfType<ClassDeclarationSyntax>().Select(c => c.Identifier.Text) ?? [],
            ];
            Piece[] guilty = [.. pieces.Where(piece => classes.Contains(piece.Source.ClassName) || text.Contains($"'{piece.Source.ClassName}'", StringComparison.Ordinal))];
            EscapeAll(guilty.Length > 0 ? guilty : pieces, kind, text);
        }
    }

    private static void EscapeAll(Piece[] pieces, EscapeKind kind, string what)
    {
        foreach (Piece piece in pieces.Where(piece => piece.Trial.Escapes.Count == 0))
        {
            piece.Trial.Escape(kind, what);
        }
    }

    private sealed class Piece
    {
        private readonly int[] _starts;

        public Piece(Stack stack, int number, CSharpParseOptions options, CancellationToken cancellationToken)
        {
            Trial = new Trial(stack);
            Source = StackSource.Create(stack.Text, "Stack" + number.ToString(CultureInfo.InvariantCulture), out ImmutableArray<StackDiagnostic> refusal, cancellationToken);
            if (refusal.Length > 0)
            {
                throw new InvalidOperationException($"'{stack.Text}' is no stack: {refusal[^1].Message}");
            }

            Tree = options == StackSource.Options
                ? Source.Tree
                : CSharpSyntaxTree.ParseText(Source.Tree.GetText(cancellationToken), options, Source.Tree.FilePath, cancellationToken);
            _starts = [.. stack.Uses.Select((_, i) => stack.Uses.Take(i).Sum(use => use.Text.Length + 1))];
        }

        public Trial Trial { get; }

        public StackSource Source { get; }

        public SyntaxTree Tree { get; }

        public void Take(Diagnostic diagnostic)
        {
            StackDiagnostic translated = Source.Translate(diagnostic);
            int index = Array.FindLastIndex(_starts, start => start <= translated.Start);
            if (diagnostic.Id is "ATTN0012" or "AD0001" || !(diagnostic.Id.StartsWith("ATTN", StringComparison.Ordinal) || IsExpected(diagnostic.Id, index)))
            {
                Trial.Escape(EscapeKind.Exception, diagnostic.ToString());
            }
            else if (diagnostic.Id.StartsWith("ATTN", StringComparison.Ordinal))
            {
                Trial.Reported.Add(new Fault(diagnostic.Id, index, diagnostic.Properties.GetValueOrDefault(DiagnosticProperties.Argument)));
            }
        }

        // The compiler's own words for an attribute that is there twice.
        private bool IsExpected(string id, int index) =>
            id == "CS0579" && index >= 0 && Trial.Stack.Uses.Take(index).Any(use => use.Attribute == Trial.Stack.Uses[index].Attribute);
    }
}
