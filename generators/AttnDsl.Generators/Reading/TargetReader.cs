using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using AttnDsl.Compiler.Spec;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AttnDsl.Generators.Reading;

/// <summary>Reduces the annotated type to what rules and emitters need to reopen it.</summary>
internal static class TargetReader
{
    public static TargetType Read(INamedTypeSymbol type, CancellationToken cancellationToken)
    {
        var containing = new List<TypeHeader>();
        for (INamedTypeSymbol? outer = type.ContainingType; outer is not null; outer = outer.ContainingType)
        {
            containing.Insert(0, Header(outer, cancellationToken));
        }

        TypeHeader self = Header(type, cancellationToken);
        string space = Identifiers.Escape(type.ContainingNamespace);
        EquatableArray<TypeHeader> outers = containing.ToEquatableArray();
        return new TargetType(
            space,
            outers,
            self,
            type.IsFileLocal,
            DeclaredMembers(type),
            HintNames.Stem(space, outers, self),
            LanguageVersionOf(type));
    }

    private static TypeHeader Header(INamedTypeSymbol type, CancellationToken cancellationToken)
    {
        bool partial = true;
        bool isStatic = false;
        bool isAbstract = false;
        string keyword = Keyword(type);
        foreach (TypeDeclarationSyntax part in Declarations(type, cancellationToken))
        {
            partial &= part.Modifiers.Any(SyntaxKind.PartialKeyword);
            isStatic |= part.Modifiers.Any(SyntaxKind.StaticKeyword);
            isAbstract |= part.Modifiers.Any(SyntaxKind.AbstractKeyword);
        }

        return new TypeHeader(
            keyword,
            Identifiers.EscapeType(type.Name),
            type.TypeParameters.Select(parameter => Identifiers.EscapeType(parameter.Name)).ToEquatableArray(),
            partial,
            isStatic,
            isAbstract,
            SyntaxFacts.GetText(type.DeclaredAccessibility));
    }

    /// <summary>The user's own declarations of a type, in source order.</summary>
    public static IEnumerable<TypeDeclarationSyntax> Declarations(INamedTypeSymbol type, CancellationToken cancellationToken) =>
        DslAttributes.InSourceOrder(
            type.DeclaringSyntaxReferences
                .Where(reference => !GeneratedParts.Contains(reference.SyntaxTree))
                .Select(reference => reference.GetSyntax(cancellationToken))
                .OfType<TypeDeclarationSyntax>(),
            part => part);

    private static string Keyword(INamedTypeSymbol type) => (type.TypeKind, type.IsRecord) switch
    {
        (TypeKind.Interface, _) => "interface",
        (TypeKind.Struct, true) => "record struct",
        (TypeKind.Struct, false) => "struct",
        (_, true) => "record",
        _ => "class",
    };

    private static EquatableArray<string> DeclaredMembers(INamedTypeSymbol type)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (ISymbol member in type.GetMembers())
        {
            if (member is { CanBeReferencedByName: true, IsImplicitlyDeclared: false } and not IMethodSymbol { MethodKind: MethodKind.Destructor } && IsUsers(member))
            {
                names.Add(member.Name);
            }
        }

        return names.ToEquatableArray();
    }

    private static bool IsUsers(ISymbol member)
    {
        foreach (SyntaxReference reference in member.DeclaringSyntaxReferences)
        {
            if (!GeneratedParts.Contains(reference.SyntaxTree))
            {
                return true;
            }
        }

        return false;
    }

    private static int LanguageVersionOf(INamedTypeSymbol type)
    {
        foreach (SyntaxReference reference in type.DeclaringSyntaxReferences)
        {
            if (reference.SyntaxTree.Options is CSharpParseOptions options)
            {
                int version = (int)options.LanguageVersion.MapSpecifiedToEffectiveVersion();
                return version switch
                {
                    // Roslyn numbers 1 to 7 so, 7.1 to 7.3 as 701 to 703, and from 8.0 on major * 100.
                    <= 7 => version * 100,
                    < 800 => 700 + ((version - 700) * 10),
                    _ => version,
                };
            }
        }

        return 0;
    }
}
