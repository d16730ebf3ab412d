using System;
using System.Collections.Generic;
using System.Globalization;

namespace AttnDsl.Compiler.Tests.Plans;

/// <summary>Evaluates the C# arithmetic that extents print: longs, + - * / %, comparisons, &amp;&amp;, ?:, Min and the generated helpers Reach and Selected.</summary>
public sealed class CodeArithmetic
{
    private readonly string _text;
    private readonly IReadOnlyDictionary<string, long> _variables;
    private int _at;

    private CodeArithmetic(string text, IReadOnlyDictionary<string, long> variables)
    {
        _text = text.Replace("global::System.Math.", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal);
        _variables = variables;
    }

    public static long Of(string text, string variable, long value)
    {
        var code = new CodeArithmetic(text, new Dictionary<string, long> { [variable] = value });
        long result = code.Choice();
        return code._at == code._text.Length ? result : throw new FormatException($"'{text}': expected the end, got '{code._text[code._at..]}'");
    }

    private long Choice()
    {
        long condition = Both();
        if (!Take("?"))
        {
            return condition;
        }

        long then = Choice();
        Expect(":");
        long otherwise = Choice();
        return condition != 0 ? then : otherwise;
    }

    private long Both()
    {
        long value = Comparison();
        while (Take("&&"))
        {
            value = Comparison() != 0 && value != 0 ? 1 : 0;
        }

        return value;
    }

    private long Comparison()
    {
        long left = Sum();
        return Take(">=") ? Flag(left >= Sum()) : Take("==") ? Flag(left == Sum()) : Take("<") ? Flag(left < Sum()) : left;
    }

    private long Sum()
    {
        long value = Product();
        while (true)
        {
            if (Take("+"))
            {
                value += Product();
            }
            else if (Take("-"))
            {
                value -= Product();
            }
            else
            {
                return value;
            }
        }
    }

    private long Product()
    {
        long value = Factor();
        while (true)
        {
            if (Take("*"))
            {
                value *= Factor();
            }
            else if (Take("/"))
            {
                value /= Factor();
            }
            else if (Take("%"))
            {
                value %= Factor();
            }
            else
            {
                return value;
            }
        }
    }

    private long Factor()
    {
        if (Take("("))
        {
            long value = Choice();
            Expect(")");
            return value;
        }

        int from = _at;
        while (_at < _text.Length && char.IsLetterOrDigit(_text[_at]))
        {
            _at++;
        }

        string word = _text[from.._at];
        return word switch
        {
            "Min" => Call(Math.Min),
            "Reach" => Call(Reach),
            "Selected" => Selected(),
            _ when char.IsDigit(word[0]) => long.Parse(word.TrimEnd('L'), CultureInfo.InvariantCulture),
            _ => _variables[word],
        };
    }

    private long Call(Func<long, long, long> function)
    {
        Expect("(");
        long first = Choice();
        Expect(",");
        long second = Choice();
        Expect(")");
        return function(first, second);
    }

    /// <summary>Sum over the positions of a row of the keys on both sides and its own, at most so many each.</summary>
    private long Selected()
    {
        var arguments = new long[4];
        for (int i = 0; i < 4; i++)
        {
            Expect(i == 0 ? "(" : ",");
            arguments[i] = Choice();
        }

        Expect(")");
        long sum = 0;
        for (long i = 0; i < arguments[0]; i++)
        {
            sum += Math.Min(arguments[3], 1 + Math.Min(i, arguments[1]) + Math.Min(arguments[0] - 1 - i, arguments[2]));
        }

        return sum;
    }

    /// <summary>Sum over the positions of a row of the keys on one side.</summary>
    private static long Reach(long tokens, long reach)
    {
        long sum = 0;
        for (long i = 0; i < tokens; i++)
        {
            sum += Math.Min(i, reach);
        }

        return sum;
    }

    private static long Flag(bool value) => value ? 1 : 0;

    private bool Take(string token)
    {
        if (!_text.AsSpan(_at).StartsWith(token, StringComparison.Ordinal))
        {
            return false;
        }

        _at += token.Length;
        return true;
    }

    private void Expect(string token)
    {
        if (!Take(token))
        {
            throw new FormatException($"'{_text}': expected {token} at {_at}");
        }
    }
}
