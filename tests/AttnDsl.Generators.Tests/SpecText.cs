using System.Linq;
using AttnDsl.Compiler.Spec;
using AttnDsl.Generators.Reading;
using AttnDsl.Generators.Tests.Harness;
using Microsoft.CodeAnalysis;

namespace AttnDsl.Generators.Tests;

/// <summary>Reads a spec from source without the generator, and writes one so that a test can state it in a line.</summary>
internal static class SpecText
{
    public static AttentionSpec Read(string type, params SourceFile[] files)
    {
        INamedTypeSymbol? symbol = TestCompilation.Create(files).GetTypeByMetadataName(type);
        Assert.NotNull(symbol);
        return SpecReader.Read(symbol);
    }

    /// <summary><c>Rope(theta=10000 layout=Interleaved!)</c>: an exclamation mark after what the user wrote, a question mark before what does not bind.</summary>
    public static string Attributes(AttentionSpec spec) => string.Join(" ", spec.Attributes.Select(attribute =>
        $"{attribute.Name}({string.Join(" ", attribute.Arguments.Select(Argument))})"));

    private static string Argument(ArgumentSpec argument)
    {
        string invalid = argument.Value.Kind == ArgumentKind.Invalid ? "?" : "";
        return $"{argument.Name}={invalid}{argument.Value.Text}{(argument.Explicit ? "!" : "")}";
    }

    /// <summary>Modifiers, keyword, name and type parameters of a header.</summary>
    public static string Header(TypeHeader type)
    {
        string modifiers = $"{type.Accessibility} {(type.IsStatic ? "static " : "")}{(type.IsAbstract ? "abstract " : "")}{(type.IsPartial ? "partial " : "")}";
        string parameters = type.TypeParameters.Count == 0 ? "" : $"<{string.Join(", ", type.TypeParameters)}>";
        return $"{modifiers}{type.Keyword} {type.Name}{parameters}";
    }
}
