using System;
using System.Collections.Generic;
using System.Linq;

namespace AttnDsl.Space.Stacks;

/// <summary>A list of attributes, as on one class.</summary>
internal sealed class Stack(params IEnumerable<Use> uses) : IEquatable<Stack>
{
    public IReadOnlyList<Use> Uses { get; } = [.. uses];

    /// <summary>The attribute list as C#.</summary>
    public string Text => string.Join(' ', Uses);

    /// <summary>The first of that name, or null.</summary>
    public Use? Find(string attribute) => Uses.FirstOrDefault(use => use.Attribute == attribute);

    public bool Has(string attribute) => Find(attribute) is not null;

    /// <summary>Several lines to paste into a file that uses AttnDsl.</summary>
    public string Pasted => string.Join('\n', Uses.Select(use => use.Text).Append("public partial class Layer;"));

    public bool Equals(Stack? other) => other is not null && Uses.SequenceEqual(other.Uses);

    public override bool Equals(object? obj) => Equals(obj as Stack);

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text;
}
