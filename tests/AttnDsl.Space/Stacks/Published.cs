using System;
using System.Collections.Generic;
using System.Linq;

namespace AttnDsl.Space.Stacks;

/// <summary>An argument and the values it is tried with.</summary>
/// <param name="Name">Parameter or property.</param>
/// <param name="Values">Legal, edge and illegal ones; the first is the usual one.</param>
internal sealed record PublishedArgument(string Name, params IReadOnlyList<Literal> Values);

/// <summary>An attribute, its arguments with their values, and the shapes it can be written in.</summary>
internal sealed class Published
{
    private readonly Dictionary<string, IReadOnlyList<Literal>> _values;

    /// <param name="type">The attribute.</param>
    /// <param name="arguments">Every argument it has.</param>
    /// <param name="shapes">Lists of argument names, separated by blanks, that are written together; the first is the usual one.</param>
    public Published(Type type, IReadOnlyList<PublishedArgument> arguments, params IReadOnlyList<string> shapes)
    {
        Type = type;
        Name = type.Name[..^"Attribute".Length];
        Arguments = arguments;
        _values = arguments.ToDictionary(argument => argument.Name, argument => argument.Values);
        Shapes = [.. shapes.Select(shape => (IReadOnlyList<string>)shape.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        Usual = Shape(Shapes[0]);
        Uses = [.. Shapes.Select(Shape).Concat(arguments.SelectMany(Varied)).Distinct()];
    }

    public Type Type { get; }

    /// <summary>Without "Attribute".</summary>
    public string Name { get; }

    public IReadOnlyList<PublishedArgument> Arguments { get; }

    public IReadOnlyList<IReadOnlyList<string>> Shapes { get; }

    /// <summary>The first shape with the usual values.</summary>
    public Use Usual { get; }

    /// <summary>Every shape with the usual values, and the first shape of each argument with each of its values while the others keep theirs.</summary>
    public IReadOnlyList<Use> Uses { get; }

    public IReadOnlyList<Literal> ValuesOf(string argument) => _values[argument];

    private IEnumerable<Use> Varied(PublishedArgument varied)
    {
        IReadOnlyList<string> shape = Shapes.First(candidate => candidate.Contains(varied.Name));
        return varied.Values.Select(value => new Use(Name, shape.Select(argument => new Arg(argument, argument == varied.Name ? value : _values[argument][0]))));
    }

    private Use Shape(IReadOnlyList<string> shape) => new(Name, shape.Select(argument => new Arg(argument, _values[argument][0])));
}
