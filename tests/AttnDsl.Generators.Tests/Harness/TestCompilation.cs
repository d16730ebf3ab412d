using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Basic.Reference.Assemblies;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AttnDsl.Generators.Tests.Harness;

/// <summary>The pretended user's project: the strictest settings a user may have, at the oldest C# version that the README allows.</summary>
internal static class TestCompilation
{
    /// <summary>The floor that the README states.</summary>
    public const LanguageVersion Floor = LanguageVersion.CSharp12;

    /// <summary>Documentation is diagnosed too: a user may treat a missing comment as an error.</summary>
    public static CSharpParseOptions ParseOptions { get; } = new(Floor, DocumentationMode.Diagnose);

    public static CSharpCompilationOptions Options { get; } = new(
        OutputKind.DynamicallyLinkedLibrary,
        checkOverflow: true,
        allowUnsafe: false,
        generalDiagnosticOption: ReportDiagnostic.Error,
        warningLevel: 9999,
        // What the SDK turns off in every project: a library built against an older framework.
        specificDiagnosticOptions: [new("CS1701", ReportDiagnostic.Suppress), new("CS1702", ReportDiagnostic.Suppress)],
        nullableContextOptions: NullableContextOptions.Enable,
        deterministic: true);

    /// <summary>.NET 10 and the AttnDsl runtime.</summary>
    public static ImmutableArray<MetadataReference> References { get; } =
        [.. Net100.References.All, MetadataReference.CreateFromFile(typeof(AttentionAttribute).Assembly.Location)];

    /// <summary>The runtime of TorchSharp modules, and TorchSharp itself. Managed code alone: nothing here loads libtorch.</summary>
    public static ImmutableArray<MetadataReference> TorchReferences { get; } =
        [MetadataReference.CreateFromFile(typeof(AttnDsl.Torch.AttentionModule).Assembly.Location), MetadataReference.CreateFromFile(typeof(TorchSharp.torch).Assembly.Location)];

    public static CSharpCompilation Create(IEnumerable<SourceFile> files, IEnumerable<MetadataReference>? references = null) =>
        CSharpCompilation.Create("User", files.Select(Parse), References.AddRange(references ?? []), Options);

    public static SyntaxTree Parse(SourceFile file) => CSharpSyntaxTree.ParseText(file.Text, ParseOptions, file.Path);

    /// <summary>An empty assembly of that name, for tests of what the project references.</summary>
    public static MetadataReference EmptyAssembly(string name) =>
        CSharpCompilation.Create(name, references: Net100.References.All, options: new(OutputKind.DynamicallyLinkedLibrary)).ToMetadataReference();
}
