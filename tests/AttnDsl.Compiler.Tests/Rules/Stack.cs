using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Tests.Rules;

/// <summary>Builds specs by hand: <c>Stack.Of("Attention", ("dim", 48), ("heads", 6)).And("Causal")</c>. Values are ints, doubles, bools, enum members as strings, or whole argument values.</summary>
public sealed class Stack
{
    private static readonly TypeHeader s_layer = new("class", "Layer", default, true, false, false, "public");

    private readonly List<AttributeSpec> _attributes = [];
    private TargetType _target = new("My.App", default, s_layer, false, default, "My.App.Layer", 1200);

    public static Stack Of(string name, params (string Name, object Value)[] arguments) => new Stack().And(name, arguments);

    /// <summary>The smallest legal layer: 8 heads of 8 channels.</summary>
    public static Stack Attention(int dim = 64, int heads = 8) => Of("Attention", ("dim", dim), ("heads", heads));

    public Stack And(string name, params (string Name, object Value)[] arguments)
    {
        _attributes.Add(new AttributeSpec(
            name,
            _attributes.Count,
            arguments.Select(argument => new ArgumentSpec(argument.Name, Value(argument.Value), true)).ToEquatableArray()));
        return this;
    }

    /// <summary>A copy with another value, given as text, for one argument.</summary>
    public Stack With(int attribute, string argument, string value)
    {
        var copy = new Stack { _target = _target };
        copy._attributes.AddRange(_attributes);
        copy._attributes[attribute] = _attributes[attribute] with
        {
            Arguments = _attributes[attribute].Arguments
                .Select(given => given.Name == argument ? given with { Value = Value(long.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out long number) ? (object)number : value) } : given)
                .ToEquatableArray(),
        };
        return copy;
    }

    /// <summary>Changes the annotated type.</summary>
    public Stack On(Func<TargetType, TargetType> change)
    {
        _target = change(_target);
        return this;
    }

    /// <summary>Changes the annotated type's own header.</summary>
    public Stack Self(Func<TypeHeader, TypeHeader> change) => On(target => target with { Self = change(target.Self) });

    public AttentionSpec Build() => new(_target, _attributes.ToEquatableArray());

    public EquatableArray<RuleViolation> Check() => RuleEngine.Check(Build());

    public override string ToString() => string.Join(" ", _attributes.Select(Text));

    private static string Text(AttributeSpec attribute) => attribute.Arguments.Count == 0
        ? $"[{attribute.Name}]"
        : $"[{attribute.Name}({string.Join(", ", attribute.Arguments.Select(argument => argument.Name + ": " + argument.Value.Text))})]";

    private static ArgumentValue Value(object value) => value switch
    {
        int number => ArgumentValue.Of((long)number),
        long number => ArgumentValue.Of(number),
        double number => ArgumentValue.Of(number),
        bool flag => ArgumentValue.Of(flag),
        string member => ArgumentValue.OfEnum(member, 0),
        ArgumentValue given => given,
        _ => throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"no argument value for {value.GetType()}"), nameof(value)),
    };
}
