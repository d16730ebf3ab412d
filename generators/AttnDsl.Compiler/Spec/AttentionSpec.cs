namespace AttnDsl.Compiler.Spec;

/// <summary>What was said about one annotated type: the type itself and its DSL attributes in source order. Holds no Roslyn object.</summary>
/// <param name="Target">The annotated type.</param>
/// <param name="Attributes">Every attribute of the AttnDsl vocabulary on any part of the type, in source order; duplicates are kept.</param>
public sealed record AttentionSpec(TargetType Target, EquatableArray<AttributeSpec> Attributes)
{
    /// <summary>The first attribute of that name, or null. Names carry no "Attribute" suffix.</summary>
    public AttributeSpec? Find(string name)
    {
        foreach (AttributeSpec attribute in Attributes)
        {
            if (attribute.Name == name)
            {
                return attribute;
            }
        }

        return null;
    }

    public bool Has(string name) => Find(name) is not null;
}
