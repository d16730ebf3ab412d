using System;
using System.Collections.Generic;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;

namespace AttnDsl.Generators.Tests.Harness;

/// <summary>Walks everything reachable from a value and looks for Roslyn objects: in a pipeline they defeat equality and keep whole compilations alive.</summary>
internal static class ObjectGraph
{
    private static readonly Type[] Forbidden =
    [
        typeof(Compilation), typeof(ISymbol), typeof(SyntaxNode), typeof(SyntaxTree), typeof(SyntaxReference), typeof(SemanticModel), typeof(Location),
        typeof(AttributeData), typeof(TypedConstant), typeof(GeneratorAttributeSyntaxContext),
    ];

    /// <summary>The path to the first forbidden object, or null.</summary>
    public static string? FindForbidden(object? root)
    {
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var pending = new Stack<(object? Value, string Path)>();
        pending.Push((root, root?.GetType().Name ?? "null"));
        while (pending.TryPop(out (object? Value, string Path) item))
        {
            if (item.Value is not { } value || value is string || value.GetType() is { IsPrimitive: true } or { IsEnum: true } || value is Type)
            {
                continue;
            }

            if (Array.Exists(Forbidden, type => type.IsInstanceOfType(value)))
            {
                return $"{item.Path} is {value.GetType().FullName}";
            }

            if (!value.GetType().IsValueType && !seen.Add(value))
            {
                continue;
            }

            if (value is Array array)
            {
                foreach (object? element in array)
                {
                    pending.Push((element, item.Path + "[]"));
                }

                continue;
            }

            for (Type? type = value.GetType(); type is not null; type = type.BaseType)
            {
                foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                {
                    pending.Push((field.GetValue(value), item.Path + "." + field.Name));
                }
            }
        }

        return null;
    }
}
