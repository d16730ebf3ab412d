namespace AttnDsl.Compiler.Spec;

/// <summary>One attribute as written: its name without the suffix, and every argument, given or defaulted.</summary>
/// <param name="Name">Class name without "Attribute", for example <c>GroupedQuery</c>.</param>
/// <param name="Index">Position in <see cref="AttentionSpec.Attributes"/>; how a violation points back at the source.</param>
/// <param name="Arguments">Constructor parameters by their names (lower case first letter) and set properties by theirs (upper case).</param>
public sealed record AttributeSpec(string Name, int Index, EquatableArray<ArgumentSpec> Arguments)
{
    public ArgumentSpec? Find(string argument)
    {
        foreach (ArgumentSpec candidate in Arguments)
        {
            if (candidate.Name == argument)
            {
                return candidate;
            }
        }

        return null;
    }

    /// <summary>True when the user wrote the argument; a default that the constructor supplied does not count.</summary>
    public bool Gives(string argument) => Find(argument) is { Explicit: true };

    public long Int(string argument, long fallback = 0) => Find(argument)?.Value.AsInt() ?? fallback;

    public double Double(string argument, double fallback = 0) => Find(argument)?.Value.AsDouble() ?? fallback;

    public bool Bool(string argument, bool fallback = false) => Find(argument)?.Value.AsBool() ?? fallback;

    /// <summary>The member name of an enum argument, for example <c>HalfSplit</c>; a value outside the enum reads as its number.</summary>
    public string Enum(string argument, string fallback) => Find(argument)?.Value.Text ?? fallback;
}

/// <param name="Name">Parameter or property name as declared.</param>
/// <param name="Value">The constant.</param>
/// <param name="Explicit">False when the constructor's default supplied it.</param>
public sealed record ArgumentSpec(string Name, ArgumentValue Value, bool Explicit);
