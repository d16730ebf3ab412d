using System;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace AttnDsl.Cli.Stacks;

/// <summary>
/// The compilation unit around a stack, and the check that the stack is attributes and nothing else: text from a command line must
/// not become a class, a using directive or a preprocessor directive of its own.
/// </summary>
internal sealed class StackSource
{
    private const string Prefix = "using AttnDsl;\n\nnamespace AttnDslTool;\n\n";

    // Generated text has nullable annotations on and is not ours to warn about; the analysis is a third of the time of a compilation.
    private static readonly CSharpParseOptions ParseOptions = new CSharpParseOptions(LanguageVersion.Latest, DocumentationMode.Parse)
        .WithFeatures([new("run-nullable-analysis", "never")]);

    private StackSource(string text, string className, SyntaxTree tree)
    {
        Text = text;
        ClassName = className;
        Tree = tree;
    }

    /// <summary>The namespace of every class made from a stack.</summary>
    public static string Namespace => "AttnDslTool";

    /// <summary>The options every tree of the compilation must share.</summary>
    public static CSharpParseOptions Options => ParseOptions;

    /// <summary>The stack as given.</summary>
    public string Text { get; }

    /// <summary>Name of the annotated class.</summary>
    public string ClassName { get; }

    /// <summary>The compilation unit.</summary>
    public SyntaxTree Tree { get; }

    /// <summary>Wraps <paramref name="text"/>; says in <paramref name="refusal"/> why it is not a stack, or leaves that empty.</summary>
    public static StackSource Create(
        string text,
        string className,
        out ImmutableArray<StackDiagnostic> refusal,
        CancellationToken cancellationToken)
    {
        // The line break ends a // comment that the stack may close with.
        string unit = Prefix + text + "\npublic partial class " + className + ";\n";
        SyntaxTree tree = CSharpSyntaxTree.ParseText(unit, ParseOptions, className + ".cs", Encoding.UTF8, cancellationToken);
        StackSource source = new(text, className, tree);
        string? complaint = source.Complaint((CompilationUnitSyntax)tree.GetRoot(cancellationToken), out TextSpan span);
        refusal = complaint is null
            ? []
            : [.. source.SyntaxErrors(cancellationToken), source.At(StackDiagnostic.NotAStack, StackSeverity.Error, complaint, span)];
        return source;
    }

    /// <summary>The compiler's diagnostic with its place counted from the start of the stack.</summary>
    public StackDiagnostic Translate(Diagnostic diagnostic) => At(
        diagnostic.Id,
        diagnostic.Severity switch
        {
            DiagnosticSeverity.Error => StackSeverity.Error,
            DiagnosticSeverity.Warning => StackSeverity.Warning,
            _ => StackSeverity.Info,
        },
        diagnostic.GetMessage(CultureInfo.InvariantCulture),
        diagnostic.Location.SourceSpan);

    private ImmutableArray<StackDiagnostic> SyntaxErrors(CancellationToken cancellationToken) =>
    [
        .. Tree.GetDiagnostics(cancellationToken)
            .Where(d => d.Severity == DiagnosticSeverity.Error && IsInside(d.Location.SourceSpan))
            .Select(Translate),
    ];

    private StackDiagnostic At(string id, StackSeverity severity, string message, TextSpan span)
    {
        if (!IsInside(span))
        {
            return new StackDiagnostic(id, severity, message);
        }

        int start = span.Start - Prefix.Length;
        return new StackDiagnostic(id, severity, message, start, Math.Min(span.Length, Text.Length - start));
    }

    private bool IsInside(TextSpan span) => span.Start >= Prefix.Length && span.Start <= Prefix.Length + Text.Length;

    private string? Complaint(CompilationUnitSyntax unit, out TextSpan span)
    {
        const string rule = "a stack is a list of attributes such as [Attention(dim: 512, heads: 8)] [Causal] and nothing else";
        span = new TextSpan(Prefix.Length, 0);
        if (string.IsNullOrWhiteSpace(Text))
        {
            return rule + "; it is empty";
        }

        if (unit.DescendantTrivia(descendIntoTrivia: true).Where(t => t.IsDirective).ToArray() is [SyntaxTrivia directive, ..])
        {
            span = directive.Span;
            return rule + "; it holds a preprocessor directive";
        }

        // The first piece that the wrapper did not write is the piece to show.
        SyntaxNode? foreign = FirstForeign(unit);
        if (foreign is not null)
        {
            span = Beyond(foreign);
            return rule + "; it holds other code";
        }

        TypeDeclarationSyntax self = (TypeDeclarationSyntax)((FileScopedNamespaceDeclarationSyntax)unit.Members[0]).Members[0];
        if (self.AttributeLists.Count == 0)
        {
            return rule + "; it holds none";
        }

        AttributeListSyntax? elsewhere = self.AttributeLists.FirstOrDefault(l => l.Target is { } target && target.Identifier.Text != "type");
        if (elsewhere is not null)
        {
            span = elsewhere.Target!.Span;
            return rule + $"; '{elsewhere.Target.Identifier.Text}:' aims an attribute at something else";
        }

        return null;
    }

    /// <summary>A piece without the attributes before it, which may well be meant.</summary>
    private TextSpan Beyond(SyntaxNode foreign)
    {
        int start = foreign is MemberDeclarationSyntax { AttributeLists: [.., AttributeListSyntax last] }
            ? last.GetLastToken().GetNextToken().SpanStart
            : foreign.SpanStart;
        int end = Math.Min(foreign.Span.End, Prefix.Length + Text.Length);
        return start < Prefix.Length || end < start ? new TextSpan(Prefix.Length, 0) : TextSpan.FromBounds(start, end);
    }

    private SyntaxNode? FirstForeign(CompilationUnitSyntax unit)
    {
        if (unit.Externs.Count > 0 || unit.AttributeLists.Count > 0 || unit.Usings.Count != 1 || unit.Members.Count != 1
            || unit.Members[0] is not FileScopedNamespaceDeclarationSyntax space)
        {
            return unit.Members.LastOrDefault(m => IsInside(m.Span)) ?? (SyntaxNode)unit;
        }

        if (space.Externs.Count > 0 || space.Usings.Count > 0)
        {
            return space.Usings.FirstOrDefault() ?? (SyntaxNode)space.Externs[0];
        }

        int selfStart = Prefix.Length + Text.Length + 1;
        if (space.Members.Count == 1
            && space.Members[0] is ClassDeclarationSyntax { Modifiers.Count: 2 } self
            && self.Modifiers[0].SpanStart == selfStart
            && self.Identifier.Text == ClassName)
        {
            return null;
        }

        return space.Members.FirstOrDefault() ?? (SyntaxNode)space;
    }
}
