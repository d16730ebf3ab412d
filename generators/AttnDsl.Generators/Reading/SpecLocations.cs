using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AttnDsl.Generators.Reading;

/// <summary>
/// Where the parts of a spec are written. For the analyzer only: syntax and positions change with every edit, so this must never enter the generator's pipeline,
/// and being no record it cannot pass for a comparable value there.
/// </summary>
internal sealed class SpecLocations
{
    private readonly ImmutableArray<DslAttribute> _attributes;
    private readonly Location _type;

    private SpecLocations(ImmutableArray<DslAttribute> attributes, Location type)
    {
        _attributes = attributes;
        _type = type;
    }

    /// <summary>Indices are those of the spec that was read from the same attributes.</summary>
    public static SpecLocations Of(INamedTypeSymbol type, ImmutableArray<DslAttribute> attributes, CancellationToken cancellationToken)
    {
        // The part with [Attention] is the one to look at; else any part with an attribute of the vocabulary.
        SyntaxNode? part = attributes
            .Where(attribute => attribute.Syntax is not null)
            .OrderByDescending(attribute => attribute.Name == "Attention")
            .Select(attribute => attribute.Syntax!.Parent?.Parent)
            .FirstOrDefault();
        BaseTypeDeclarationSyntax? declaration = part as BaseTypeDeclarationSyntax ?? TargetReader.Declarations(type, cancellationToken).FirstOrDefault();
        return new SpecLocations(attributes, declaration?.Identifier.GetLocation() ?? type.Locations.FirstOrDefault() ?? Location.None);
    }

    /// <summary>The written argument, else its attribute, else the type's name.</summary>
    public Location Find(int attribute, string? argument)
    {
        if (attribute < 0 || attribute >= _attributes.Length || _attributes[attribute].Syntax is not { } syntax)
        {
            return _type;
        }

        Dictionary<string, AttributeArgumentSyntax> written = ArgumentReader.Written(_attributes[attribute]);
        return argument is not null && written.TryGetValue(argument, out AttributeArgumentSyntax? at)
            ? at.GetLocation()
            : syntax.GetLocation();
    }
}
