using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Spec;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AttnDsl.Generators.Reading;

/// <summary>Brings the arguments of an attribute under their names and tells the written ones from the constructor's defaults.</summary>
internal static class ArgumentReader
{
    /// <summary>Never throws: what does not bind becomes <see cref="ArgumentKind.Invalid"/> with the source text, and the compiler reports it itself.</summary>
    public static EquatableArray<ArgumentSpec> Read(DslAttribute attribute)
    {
        IMethodSymbol? constructor = ConstructorOf(attribute);
        Dictionary<string, AttributeArgumentSyntax> written = Written(attribute.Syntax, constructor);
        ImmutableArray<TypedConstant> values = attribute.Data.AttributeConstructor is null
            ? ImmutableArray<TypedConstant>.Empty
            : attribute.Data.ConstructorArguments;
        var arguments = new List<ArgumentSpec>();
        if (constructor is not null)
        {
            for (int i = 0; i < constructor.Parameters.Length; i++)
            {
                string name = constructor.Parameters[i].Name;
                written.TryGetValue(name, out AttributeArgumentSyntax? syntax);
                ArgumentValue value = i < values.Length ? ArgumentValues.Of(values[i], syntax) : ArgumentValues.Invalid(syntax);
                arguments.Add(new ArgumentSpec(name, value, syntax is not null || attribute.Syntax is null));
            }
        }

        foreach (KeyValuePair<string, TypedConstant> property in Properties(attribute, written))
        {
            written.TryGetValue(property.Key, out AttributeArgumentSyntax? syntax);
            arguments.Add(new ArgumentSpec(property.Key, ArgumentValues.Of(property.Value, syntax), Explicit: true));
        }

        return arguments.ToEquatableArray();
    }

    /// <summary>Every argument in the attribute's syntax by the name of its parameter or property; the first of two equal names wins.</summary>
    public static Dictionary<string, AttributeArgumentSyntax> Written(DslAttribute attribute) =>
        Written(attribute.Syntax, ConstructorOf(attribute));

    private static Dictionary<string, AttributeArgumentSyntax> Written(AttributeSyntax? syntax, IMethodSymbol? constructor)
    {
        var written = new Dictionary<string, AttributeArgumentSyntax>(StringComparer.Ordinal);
        int position = 0;
        foreach (AttributeArgumentSyntax argument in Arguments(syntax))
        {
            string? name = argument.NameColon?.Name.Identifier.ValueText ?? argument.NameEquals?.Name.Identifier.ValueText;
            if (name is null && constructor is { Parameters: { Length: > 0 } parameters })
            {
                if (position < parameters.Length)
                {
                    name = parameters[position].Name;
                }
                else if (parameters[parameters.Length - 1].IsParams)
                {
                    name = parameters[parameters.Length - 1].Name;
                }
            }

            position++;
            if (name is { Length: > 0 } && !written.ContainsKey(name))
            {
                written.Add(name, argument);
            }
        }

        return written;
    }

    private static IEnumerable<AttributeArgumentSyntax> Arguments(AttributeSyntax? syntax) =>
        (IEnumerable<AttributeArgumentSyntax>?)syntax?.ArgumentList?.Arguments ?? [];

    /// <summary>Set properties in the order written; the first of two equal names wins, as it does in <see cref="Written(DslAttribute)"/>.</summary>
    private static IEnumerable<KeyValuePair<string, TypedConstant>> Properties(
        DslAttribute attribute,
        Dictionary<string, AttributeArgumentSyntax> written)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (KeyValuePair<string, TypedConstant> property in attribute.Data.NamedArguments)
        {
            if (seen.Add(property.Key))
            {
                yield return property;
            }
        }

        // A property that does not bind is missing from the data.
        foreach (KeyValuePair<string, AttributeArgumentSyntax> argument in written)
        {
            if (argument.Value.NameEquals is not null && seen.Add(argument.Key))
            {
                yield return new KeyValuePair<string, TypedConstant>(argument.Key, default);
            }
        }
    }

    /// <summary>The bound constructor, or the one the user most likely meant when none fits.</summary>
    private static IMethodSymbol? ConstructorOf(DslAttribute attribute)
    {
        if (attribute.Data.AttributeConstructor is { } bound)
        {
            return bound;
        }

        List<AttributeArgumentSyntax> arguments = Arguments(attribute.Syntax).Where(argument => argument.NameEquals is null).ToList();
        return attribute.Data.AttributeClass?.InstanceConstructors
            .OrderByDescending(constructor => arguments.Count(argument =>
                argument.NameColon is { } named && constructor.Parameters.Any(parameter => parameter.Name == named.Name.Identifier.ValueText)))
            .ThenBy(constructor => Math.Abs(constructor.Parameters.Length - arguments.Count))
            .ThenBy(constructor => constructor.Parameters.Length)
            .FirstOrDefault();
    }
}

/// <summary>Turns Roslyn's constants into values that compare.</summary>
internal static class ArgumentValues
{
    public static ArgumentValue Invalid(AttributeArgumentSyntax? syntax) =>
        new(ArgumentKind.Invalid, syntax?.Expression.ToString() ?? "", 0);

    public static ArgumentValue Of(TypedConstant constant, AttributeArgumentSyntax? syntax) => constant.Kind switch
    {
        TypedConstantKind.Primitive => Primitive(constant.Value) ?? Invalid(syntax),
        TypedConstantKind.Enum => Enum(constant) ?? Invalid(syntax),
        TypedConstantKind.Type when constant.Value is ITypeSymbol { TypeKind: not TypeKind.Error } type =>
            new(ArgumentKind.Type, type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat), 0),
        TypedConstantKind.Array when !constant.IsNull => IntArray(constant.Values) ?? Invalid(syntax),
        _ => Invalid(syntax),
    };

    private static ArgumentValue? Primitive(object? value) => value switch
    {
        bool flag => ArgumentValue.Of(flag),
        string text => ArgumentValue.OfString(text),
        double number => ArgumentValue.Of(number),
        float number => ArgumentValue.Of((double)number),
        _ => Integer(value) is { } number ? ArgumentValue.Of(number) : null,
    };

    private static ArgumentValue? Enum(TypedConstant constant)
    {
        if (Integer(constant.Value) is not { } number)
        {
            return null;
        }

        IFieldSymbol? member = constant.Type?.GetMembers().OfType<IFieldSymbol>()
            .FirstOrDefault(field => field.HasConstantValue && Integer(field.ConstantValue) == number);
        return ArgumentValue.OfEnum(member?.Name ?? number.ToString(CultureInfo.InvariantCulture), number);
    }

    private static ArgumentValue? IntArray(ImmutableArray<TypedConstant> values)
    {
        var texts = new List<string>(values.Length);
        foreach (TypedConstant value in values)
        {
            if (value.Kind != TypedConstantKind.Primitive || Integer(value.Value) is not { } number)
            {
                return null;
            }

            texts.Add(number.ToString(CultureInfo.InvariantCulture));
        }

        return new ArgumentValue(ArgumentKind.IntArray, string.Join(",", texts), 0);
    }

    private static long? Integer(object? value) => value switch
    {
        int number => number,
        long number => number,
        byte number => number,
        sbyte number => number,
        short number => number,
        ushort number => number,
        uint number => number,
        ulong number when number <= long.MaxValue => (long)number,
        char number => number,
        _ => null,
    };
}
