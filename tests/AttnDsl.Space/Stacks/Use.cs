using System;
using System.Collections.Generic;
using System.Linq;

namespace AttnDsl.Space.Stacks;

/// <summary>An argument of an attribute. Constructor parameters begin with a small letter, properties with a capital.</summary>
/// <param name="Name">Parameter or property.</param>
/// <param name="Value">Its constant.</param>
internal sealed record Arg(string Name, Literal Value)
{
    public bool IsProperty => char.IsUpper(Name[0]);

    public override string ToString() => Name + (IsProperty ? " = " : ": ") + Value.Code;
}

/// <summary>One attribute as it stands in a stack.</summary>
internal sealed class Use : IEquatable<Use>
{
    /// <param name="attribute">Name without "Attribute".</param>
    /// <param name="args">The arguments written; parameters come before properties, as C# wants it.</param>
    public Use(string attribute, params IEnumerable<Arg> args)
        : this(attribute, args, unnamed: 0)
    {
    }

    private Use(string attribute, IEnumerable<Arg> args, int unnamed)
    {
        Attribute = attribute;
        Args = [.. args.OrderBy(arg => arg.IsProperty)];
        Text = "[" + attribute + (Args.Count == 0 ? "" : "(" + string.Join(", ", Args.Select((arg, i) => i < unnamed ? arg.Value.Code : arg.ToString())) + ")") + "]";
    }

    /// <summary>The same with parameters by place instead of by name; they must stand in the constructor's order.</summary>
    public Use WithoutNames() => new(Attribute, Args, Args.Count(arg => !arg.IsProperty));

    public string Attribute { get; }

    public IReadOnlyList<Arg> Args { get; }

    /// <summary>C#, for example <c>[GroupedQuery(kv: 2)]</c>.</summary>
    public string Text { get; }

    public Literal? this[string name] => Args.FirstOrDefault(arg => arg.Name == name)?.Value;

    public bool Equals(Use? other) => other is not null && Text == other.Text;

    public override bool Equals(object? obj) => Equals(obj as Use);

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text;
}
