using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Threading;
using System.Xml.Linq;
using AttnDsl.Analyzers;
using AttnDsl.Compiler;
using AttnDsl.Compiler.Spec;
using AttnDsl.Generators;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Emit;

namespace AttnDsl.Cli.Stacks;

/// <summary>
/// Compiles stacks given as text in this process, with the generator and the analyzer that a user's build runs, so that what the tool
/// says and computes is what the build would say and compute.
/// </summary>
internal static class StackCompiler
{
    // Every compilation grows from this one, so that the framework's metadata is read and bound once per process.
    private static readonly CSharpCompilation Empty = CSharpCompilation.Create(
        "AttnDslTool",
        references: PlatformReferences.All,
        options: new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release));

    private static readonly Lazy<CSharpCompilation> EmptyWithTorch = new(() => Empty.AddReferences(PlatformReferences.Torch));

    /// <summary>Compiles one stack; the class is called <c>AttnDslTool.Stack</c>.</summary>
    /// <param name="stack">The attributes.</param>
    /// <param name="torch">As in a project that references AttnDsl.TorchSharp: with a TorchSharp module.</param>
    /// <param name="cancellationToken">Stops the compiler.</param>
    public static StackResult Compile(string stack, bool torch = false, CancellationToken cancellationToken = default) =>
        Compile([stack], _ => "Stack", torch ? EmptyWithTorch.Value : Empty, cancellationToken)[0];

    /// <summary>
    /// Compiles many stacks in one go, each as its own class <c>AttnDslTool.Stack0</c>, <c>Stack1</c>, ...; a stack that is refused
    /// does not hinder the others. Results are in the order of <paramref name="stacks"/>. The accepted ones share one assembly.
    /// </summary>
    public static ImmutableArray<StackResult> CompileMany(IReadOnlyList<string> stacks, CancellationToken cancellationToken = default) =>
        Compile(stacks, i => "Stack" + i.ToString(CultureInfo.InvariantCulture), Empty, cancellationToken);

    private static ImmutableArray<StackResult> Compile(
        IReadOnlyList<string> stacks,
        Func<int, string> className,
        CSharpCompilation empty,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stacks);
        Findings[] all = [.. stacks.Select((text, i) => new Findings(text, className(i), cancellationToken))];

        CSharpCompilation declared = Compilation(empty, all);
        Assign(all, Diagnose(declared, cancellationToken));

        // A stack whose generated text does not compile is taken out and the rest is tried again, so that one fault stays one fault.
        while (all.Any(f => f.IsOpen))
        {
            CSharpGeneratorDriver.Create([new AttentionGenerator(WithYardstick).AsSourceGenerator()], parseOptions: StackSource.Options)
                .RunGeneratorsAndUpdateCompilation(Compilation(empty, all), out Compilation generated, out ImmutableArray<Diagnostic> driver, cancellationToken);
            Assign(all, driver.Select(AsFailure));
            if (driver.Any(IsFailure))
            {
                continue;
            }

            using MemoryStream image = new();
            EmitResult emitted = generated.Emit(image, cancellationToken: cancellationToken);
            if (!emitted.Success)
            {
                AssignGenerated(all, emitted.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error), cancellationToken);
                continue;
            }

            image.Position = 0;
            Assembly assembly = new StackLoadContext().LoadFromStream(image);
            return [.. all.Select(f => f.Finish(assembly, generated))];
        }

        return [.. all.Select(f => f.Refuse())];
    }

    /// <summary>The tool compares in float too, whatever a project asks for.</summary>
    private static CompileResult WithYardstick(AttentionSpec spec, CompileOptions options, CancellationToken cancellationToken) =>
        AttentionCompiler.Compile(spec, options with { Yardstick = true }, cancellationToken);

    private static CSharpCompilation Compilation(CSharpCompilation empty, IEnumerable<Findings> all) =>
        empty.AddSyntaxTrees(all.Where(f => f.IsOpen).Select(f => f.Source.Tree));

    /// <summary>
    /// What the compiler and the analyzer say about the declarations alone. Rules look at what the user wrote, never at generated
    /// members, so the analyzer need not wait for the generator.
    /// </summary>
    private static IEnumerable<Diagnostic> Diagnose(CSharpCompilation declared, CancellationToken cancellationToken)
    {
        if (declared.SyntaxTrees.IsEmpty)
        {
            return [];
        }

        CompilationWithAnalyzersOptions options = new(
            new AnalyzerOptions([]),
            onAnalyzerException: null,
            concurrentAnalysis: true,
            logAnalyzerExecutionTime: false);
        return declared
            .WithAnalyzers([new AttentionAnalyzer()], options)
            .GetAllDiagnosticsAsync(cancellationToken)
            .GetAwaiter()
            .GetResult()
            .Where(d => d.Severity != DiagnosticSeverity.Hidden && !d.IsSuppressed)
            .Select(AsFailure);
    }

    /// <summary>A generator or analyzer that threw is only a warning to the compiler; here it would be a layer without a proof.</summary>
    private static Diagnostic AsFailure(Diagnostic diagnostic) => !IsFailure(diagnostic)
        ? diagnostic
        : Diagnostic.Create(
            diagnostic.Id,
            diagnostic.Descriptor.Category,
            diagnostic.GetMessage(CultureInfo.InvariantCulture),
            DiagnosticSeverity.Error,
            DiagnosticSeverity.Error,
            isEnabledByDefault: true,
            warningLevel: 0,
            location: diagnostic.Location);

    private static bool IsFailure(Diagnostic diagnostic) =>
        diagnostic.Severity == DiagnosticSeverity.Error || diagnostic.Id is "AD0001" or "CS8784" or "CS8785";

    private static void Assign(Findings[] all, IEnumerable<Diagnostic> diagnostics)
    {
        foreach (Diagnostic diagnostic in diagnostics)
        {
            bool placed = false;
            foreach (Findings findings in all)
            {
                if (findings.IsOpen && findings.Source.Tree == diagnostic.Location.SourceTree)
                {
                    findings.Pending.Add(findings.Source.Translate(diagnostic));
                    placed = true;
                }
            }

            // A finding without a place concerns every stack of the compilation.
            if (!placed && diagnostic.Severity == DiagnosticSeverity.Error)
            {
                AddToAll(all, diagnostic.Id, diagnostic.GetMessage(CultureInfo.InvariantCulture));
            }
        }

        foreach (Findings findings in all)
        {
            findings.Settle();
        }
    }

    private static void AssignGenerated(Findings[] all, IEnumerable<Diagnostic> errors, CancellationToken cancellationToken)
    {
        foreach (Diagnostic error in errors)
        {
            string message = "the generated code does not compile: " + error.ToString();
            HashSet<string> names =
            [
                .. error.Location.SourceTree?.GetRoot(cancellationToken).DescendantNodes().OfType<ClassDeclarationSyntax>().Select(c => c.Identifier.Text) ?? [],
            ];
            Findings[] owners = [.. all.Where(f => f.IsOpen && names.Contains(f.Source.ClassName))];
            if (owners.Length == 0)
            {
                AddToAll(all, error.Id, message);
            }

            foreach (Findings owner in owners)
            {
                owner.Pending.Add(new StackDiagnostic(error.Id, StackSeverity.Error, message));
            }
        }

        foreach (Findings findings in all)
        {
            findings.Settle();
        }
    }

    private static void AddToAll(Findings[] all, string id, string message)
    {
        foreach (Findings findings in all.Where(f => f.IsOpen))
        {
            findings.Pending.Add(new StackDiagnostic(id, StackSeverity.Error, message));
        }
    }

    /// <summary>The formula stands in the documentation that the generator gives the class: the paragraphs of its remarks.</summary>
    private static ImmutableArray<string> Formula(ISymbol type)
    {
        string xml = type.GetDocumentationCommentXml(CultureInfo.InvariantCulture) ?? "";
        return xml.Length == 0 ? [] : [.. XElement.Parse(xml).Elements("remarks").Elements("para").Select(p => p.Value.Trim())];
    }

    /// <summary>One stack on its way through the compiler.</summary>
    private sealed class Findings
    {
        private readonly List<StackDiagnostic> _settled = [];

        public Findings(string text, string className, CancellationToken cancellationToken)
        {
            ArgumentNullException.ThrowIfNull(text);
            Source = StackSource.Create(text, className, out ImmutableArray<StackDiagnostic> refusal, cancellationToken);
            Pending.AddRange(refusal);
            Settle();
        }

        public StackSource Source { get; }

        /// <summary>Findings of the stage under way; they count when the stage is over.</summary>
        public List<StackDiagnostic> Pending { get; } = [];

        /// <summary>No error so far.</summary>
        public bool IsOpen { get; private set; } = true;

        public void Settle()
        {
            _settled.AddRange(Pending.OrderBy(d => d.Id != StackDiagnostic.NotAStack).ThenBy(d => d.Start));
            Pending.Clear();
            IsOpen = _settled.TrueForAll(d => d.Severity != StackSeverity.Error);
        }

        public StackResult Refuse() => new(Source.Text, [.. _settled.Distinct()], null);

        public StackResult Finish(Assembly assembly, Compilation generated)
        {
            if (!IsOpen)
            {
                return Refuse();
            }

            string name = StackSource.Namespace + "." + Source.ClassName;
            Type type = assembly.GetType(name, throwOnError: true)!;
            if (type.GetNestedTypes().Length == 0)
            {
                _settled.Add(new StackDiagnostic(StackDiagnostic.NothingGenerated, StackSeverity.Error, "nothing was generated for this stack, and no diagnostic says why"));
                return Refuse();
            }

            return new StackResult(Source.Text, [.. _settled.Distinct()], new CompiledStack(Source.Text, type, Formula(generated.GetTypeByMetadataName(name)!)));
        }
    }
}
