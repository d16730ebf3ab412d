using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace AttnDsl.Compiler.Emit;

/// <summary>Plan names as C# identifiers, unique within a method.</summary>
internal sealed class Identifiers
{
    private static readonly HashSet<string> s_keywords = new(StringComparer.Ordinal)
    {
        "base", "bool", "break", "byte", "case", "char", "checked", "class", "const", "decimal", "default", "do", "double", "else", "event", "false", "fixed", "float", "for",
        "if", "in", "int", "is", "lock", "long", "new", "null", "object", "out", "params", "ref", "return", "short", "static", "string", "this", "true", "uint", "using", "void", "while",
    };

    /// <summary>Plan names recur in every body of every layer.</summary>
    private static readonly ConcurrentDictionary<string, string> s_camel = new(StringComparer.Ordinal);

    private readonly ICollection<string> _reserved;
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    /// <param name="reserved">Names the templates use themselves.</param>
    public Identifiers(ICollection<string> reserved) => _reserved = reserved;

    /// <summary><c>q_proj.weight</c> to <c>qProjWeight</c>; a number is appended when it is taken.</summary>
    [MethodImpl(Jit.Hot)]
    public string Local(string name)
    {
        if (!s_camel.TryGetValue(name, out string? camel))
        {
            camel = Words(name, upperFirst: false);
            s_camel[name] = camel;
        }

        string candidate = camel;
        for (int i = 2; s_keywords.Contains(candidate) || _reserved.Contains(candidate) || !_used.Add(candidate); i++)
        {
            candidate = camel + i.ToString(CultureInfo.InvariantCulture);
        }

        return candidate;
    }

    /// <summary><c>q_proj.weight</c> to <c>QProj</c>, <c>q_proj.bias</c> to <c>QProjBias</c>: the property of a weight.</summary>
    public static string WeightProperty(string name) => Words(
        name.EndsWith(".weight", StringComparison.Ordinal) ? name.Substring(0, name.Length - ".weight".Length) : name, upperFirst: true);

    private static string Words(string name, bool upperFirst)
    {
        var text = new StringBuilder();
        bool upper = upperFirst;
        foreach (char c in name)
        {
            if (!char.IsLetterOrDigit(c))
            {
                upper = text.Length > 0 || upperFirst;
                continue;
            }

            text.Append(upper ? char.ToUpperInvariant(c) : c);
            upper = false;
        }

        return text.ToString();
    }
}
