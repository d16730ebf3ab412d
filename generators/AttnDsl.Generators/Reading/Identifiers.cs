using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AttnDsl.Generators.Reading;

/// <summary>Writes names so that they can stand in source text.</summary>
internal static class Identifiers
{
    /// <summary>Contextual keywords are escaped too: some of them (<c>file</c>, <c>required</c>, <c>scoped</c>) cannot name a type otherwise.</summary>
    public static string Escape(string name) =>
        SyntaxFacts.GetKeywordKind(name) != SyntaxKind.None || SyntaxFacts.GetContextualKeywordKind(name) != SyntaxKind.None
            ? "@" + name
            : name;

    /// <summary>The name of a type or type parameter; the compiler warns of plain lower-case ones (CS8981), and the generated part must not warn again.</summary>
    public static string EscapeType(string name)
    {
        foreach (char letter in name)
        {
            if (letter is < 'a' or > 'z')
            {
                return Escape(name);
            }
        }

        return "@" + name;
    }

    /// <summary>The dotted namespace, or "" for the global one.</summary>
    public static string Escape(INamespaceSymbol? space)
    {
        if (space is null || space.IsGlobalNamespace)
        {
            return "";
        }

        string outer = Escape(space.ContainingNamespace);
        string name = Escape(space.Name);
        return outer.Length == 0 ? name : outer + "." + name;
    }
}
