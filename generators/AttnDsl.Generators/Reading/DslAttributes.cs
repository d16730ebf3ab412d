using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AttnDsl.Generators.Reading;

/// <summary>One attribute of the vocabulary as Roslyn sees it; never leaves the reader.</summary>
/// <param name="Data">The bound attribute; may be half bound when the source does not compile.</param>
/// <param name="Syntax">Where it is written, or null when Roslyn does not say.</param>
internal sealed record DslAttribute(AttributeData Data, AttributeSyntax? Syntax)
{
    /// <summary>Class name without the suffix, for example <c>GroupedQuery</c>.</summary>
    public string Name
    {
        get
        {
            string name = Data.AttributeClass!.Name;
            return name.EndsWith(Suffix, StringComparison.Ordinal) && name.Length > Suffix.Length
                ? name.Substring(0, name.Length - Suffix.Length)
                : name;
        }
    }

    private const string Suffix = "Attribute";
}

/// <summary>Finds the attributes of the vocabulary on every part of a type, in an order that does not depend on the order in which the compiler was given the files.</summary>
internal static class DslAttributes
{
    /// <summary>Namespace of the vocabulary.</summary>
    public const string Namespace = "AttnDsl";

    /// <summary>The one attribute that triggers generation.</summary>
    public const string Trigger = "AttnDsl.AttentionAttribute";

    /// <summary>Base class of every attribute of the vocabulary.</summary>
    public const string BaseType = "AttnDsl.AttentionDslAttribute";

    private const string BaseName = "AttentionDslAttribute";

    public static ImmutableArray<DslAttribute> Of(INamedTypeSymbol type, CancellationToken cancellationToken)
    {
        ImmutableArray<DslAttribute>.Builder? found = null;
        foreach (AttributeData data in type.GetAttributes())
        {
            if (IsDsl(data.AttributeClass))
            {
                found ??= ImmutableArray.CreateBuilder<DslAttribute>();
                found.Add(new DslAttribute(data, data.ApplicationSyntaxReference?.GetSyntax(cancellationToken) as AttributeSyntax));
            }
        }

        return found is null ? ImmutableArray<DslAttribute>.Empty : InSourceOrder(found, attribute => attribute.Syntax);
    }

    /// <summary>Sorts by file path, then by position; equal keys (files without a path) keep the compiler's order.</summary>
    public static ImmutableArray<T> InSourceOrder<T>(IEnumerable<T> items, Func<T, SyntaxNode?> syntax)
        where T : class
    {
        // Nearly always there is one part, or the compiler has them in order; sorting would be most of what a fresh process does here.
        var sorted = new List<T>();
        foreach (T item in items)
        {
            int at = sorted.Count;
            while (at > 0 && Compare(syntax(sorted[at - 1]), syntax(item)) > 0)
            {
                at--;
            }

            sorted.Insert(at, item);
        }

        return sorted.ToImmutableArray();
    }

    private static int Compare(SyntaxNode? left, SyntaxNode? right)
    {
        int path = string.CompareOrdinal(left?.SyntaxTree.FilePath ?? "", right?.SyntaxTree.FilePath ?? "");
        return path != 0 ? path : (left?.SpanStart ?? 0).CompareTo(right?.SpanStart ?? 0);
    }

    private static bool IsDsl(INamedTypeSymbol? attribute) =>
        attribute is { TypeKind: TypeKind.Class, ContainingType: null }
        && IsInVocabulary(attribute)
        && attribute.BaseType is { Name: BaseName, ContainingType: null } parent
        && IsInVocabulary(parent);

    private static bool IsInVocabulary(INamedTypeSymbol type) =>
        type.ContainingNamespace is { Name: Namespace, ContainingNamespace.IsGlobalNamespace: true };
}
