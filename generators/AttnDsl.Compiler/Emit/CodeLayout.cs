using System;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading;

namespace AttnDsl.Compiler.Emit;

/// <summary>
/// Indents generated C# by its braces, so that templates stay readable whatever depth their text ends up at. Expects braces on lines of their own; a line that continues an
/// expression starts with <c>~</c>. Collapses blank lines.
/// </summary>
internal sealed class CodeLayout
{
    private const int Indentation = 4;

    /// <summary>A builder that grew past this is let go.</summary>
    private const int MostKept = 1 << 20;

    [ThreadStatic]
    private static StringBuilder? s_builder;

    private readonly StringBuilder _result;
    private int _depth;
    private bool _blank;
    private bool _afterOpening = true;

    public CodeLayout()
    {
        // Files are long; a buffer of their size for each would live on the large object heap and cost full collections.
        _result = s_builder ?? new StringBuilder();
        s_builder = null;
        _result.Clear();
    }

    public static string Format(string text)
    {
        var layout = new CodeLayout();
        layout.Add(text);
        return layout.Finish();
    }

    /// <summary>Appends laid-out text whose first line continues the output's last one; the other lines move right by <paramref name="indentation"/> characters.</summary>
    [MethodImpl(Jit.Hot)]
    public static void Shift(StringBuilder output, string text, int indentation)
    {
        int start = 0;
        for (int end = text.IndexOf('\n'); end >= 0; end = text.IndexOf('\n', start))
        {
            output.Append(text, start, end + 1 - start);
            start = end + 1;
            if (start < text.Length && text[start] is not ('\n' or '#'))
            {
                output.Append(' ', indentation);
            }
        }

        output.Append(text, start, text.Length - start);
    }

    /// <summary>The text so far; the layout must not be used afterwards.</summary>
    public string Finish()
    {
        string text = _result.ToString();
        s_builder = _result.Capacity <= MostKept ? _result : null;
        return text;
    }

    /// <summary>Adds a template's text at the present depth.</summary>
    /// <param name="template">Path under templates/ without the extension.</param>
    /// <param name="model">What it prints.</param>
    /// <param name="cancellationToken">Stops rendering.</param>
    public void Add(string template, TemplateModel model, CancellationToken cancellationToken)
    {
        Space();
        _result.Append(' ', Indentation * _depth);
        TemplateLibrary.Write(_result, Indentation * _depth, template, model, cancellationToken);
        _result.Append('\n');
        _afterOpening = false;
    }

    /// <summary>Adds whole lines.</summary>
    [MethodImpl(Jit.Hot)]
    public void Add(string text)
    {
        for (int start = 0; start < text.Length;)
        {
            int end = text.IndexOf('\n', start);
            end = end < 0 ? text.Length : end;
            (int first, int length) = Trim(text, start, end);
            start = end + 1;
            if (length == 0)
            {
                _blank = !_afterOpening;
                continue;
            }

            char c = text[first];
            if (c == '}')
            {
                _depth--;
                _blank = false;
            }

            Space();
            bool continues = c == '~';
            _result.Append(' ', c == '#' ? 0 : Indentation * (continues ? _depth + 1 : _depth));
            if (continues)
            {
                (first, length) = Trim(text, first + 1, first + length);
            }

            _result.Append(text, first, length).Append('\n');
            _afterOpening = length == 1 && c == '{';
            _depth += _afterOpening ? 1 : 0;
        }
    }

    /// <summary>The blank line that is due.</summary>
    private void Space()
    {
        if (_blank)
        {
            _result.Append('\n');
            _blank = false;
        }
    }

    private static (int First, int Length) Trim(string text, int start, int end)
    {
        while (start < end && char.IsWhiteSpace(text[start]))
        {
            start++;
        }

        while (end > start && char.IsWhiteSpace(text[end - 1]))
        {
            end--;
        }

        return (start, end - start);
    }
}
