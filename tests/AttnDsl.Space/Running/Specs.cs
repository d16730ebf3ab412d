using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Reflection;
using AttnDsl.Compiler.Spec;
using AttnDsl.Space.Stacks;

namespace AttnDsl.Space.Running;

/// <summary>A stack as the compiler's spec, made without Roslyn: the product of all pairs is too large to parse.</summary>
internal static class Specs
{
    private static readonly TargetType s_target = new(
        "Space", default, new TypeHeader("class", "Layer", default, true, false, false, "public"), false, default, "Space.Layer", 1200);

    public static AttentionSpec Of(Stack stack) => new(s_target, stack.Uses.Select(Attribute).ToEquatableArray());

    private static AttributeSpec Attribute(Use use, int index)
    {
        ConstructorInfo constructor = Constructor(use);
        IEnumerable<ArgumentSpec> parameters = constructor.GetParameters().Select(parameter => use[parameter.Name!] is { } given
            ? new ArgumentSpec(parameter.Name!, Value(given), Explicit: true)
            : new ArgumentSpec(parameter.Name!, Default(parameter), Explicit: false));
        IEnumerable<ArgumentSpec> properties = use.Args.Where(arg => arg.IsProperty).Select(arg => new ArgumentSpec(arg.Name, Value(arg.Value), Explicit: true));
        return new AttributeSpec(use.Attribute, index, parameters.Concat(properties).ToEquatableArray());
    }

    // C# prefers the constructor that needs the fewest defaults.
    private static ConstructorInfo Constructor(Use use)
    {
        string[] written = [.. use.Args.Where(arg => !arg.IsProperty).Select(arg => arg.Name)];
        return Vocabulary.Of(use.Attribute).Type.GetConstructors()
            .Where(constructor => written.All(name => constructor.GetParameters().Any(parameter => parameter.Name == name)))
            .Where(constructor => constructor.GetParameters().All(parameter => parameter.HasDefaultValue || written.Contains(parameter.Name)))
            .MinBy(constructor => constructor.GetParameters().Length)
            ?? throw new InvalidOperationException($"No constructor takes {use}.");
    }

    private static ArgumentValue Value(Literal literal) => literal.Kind switch
    {
        LiteralKind.Int => ArgumentValue.Of(literal.Whole),
        LiteralKind.Bool => ArgumentValue.Of(literal.Number != 0),
        LiteralKind.Enum => ArgumentValue.OfEnum(literal.Member ?? literal.Whole.ToString(CultureInfo.InvariantCulture), literal.Whole),
        _ => ArgumentValue.Of(literal.Number),
    };

    private static ArgumentValue Default(ParameterInfo parameter) => parameter.DefaultValue switch
    {
        double number => ArgumentValue.Of(number),
        int number when parameter.ParameterType.IsEnum => ArgumentValue.OfEnum(Enum.GetName(parameter.ParameterType, number)!, number),
        int number => ArgumentValue.Of((long)number),
        Enum member => ArgumentValue.OfEnum(member.ToString(), Convert.ToInt64(member, CultureInfo.InvariantCulture)),
        object other => throw new InvalidOperationException($"A default of type {other.GetType()} is new; teach {nameof(Specs)} to read it."),
        null => throw new InvalidOperationException($"{parameter.Name} has no default."),
    };
}
