using System.Collections.Generic;
using System.Collections.Immutable;
using System.Threading;
using AttnDsl.Compiler.Spec;
using Microsoft.CodeAnalysis;

namespace AttnDsl.Generators.Reading;

/// <summary>Reads an annotated type into a spec that holds no Roslyn object. Generator and analyzer share it, so they cannot disagree about what was said.</summary>
internal static class SpecReader
{
    /// <summary>The spec of any type; without an attribute of the vocabulary its attribute list is empty. Never throws for source that does not compile.</summary>
    public static AttentionSpec Read(INamedTypeSymbol type, CancellationToken cancellationToken = default) =>
        Read(type, DslAttributes.Of(type, cancellationToken), cancellationToken);

    /// <summary>The same for a caller that has the attributes already.</summary>
    public static AttentionSpec Read(INamedTypeSymbol type, ImmutableArray<DslAttribute> attributes, CancellationToken cancellationToken)
    {
        var specs = new List<AttributeSpec>(attributes.Length);
        foreach (DslAttribute attribute in attributes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            specs.Add(new AttributeSpec(attribute.Name, specs.Count, ArgumentReader.Read(attribute)));
        }

        return new AttentionSpec(TargetReader.Read(type, cancellationToken), specs.ToEquatableArray());
    }
}
