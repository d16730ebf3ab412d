using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace AttnDsl.Compiler.Emit;

/// <summary>
/// A rendered and laid-out template with holes where the model's texts go. A template only ever asks whether a flag is set, whether a text is empty and how long a list is; models
/// that agree in that, of one <see cref="ModelShape"/>, give the same text around the same holes, so that rendering and layout are done once for all of them.
/// </summary>
internal sealed class Skeleton
{
    private const char Opening = '\u0001';
    private const char Closing = '\u0002';

    private readonly string _text;
    private readonly Hole[] _holes;

    /// <param name="rendered">What the template makes of <see cref="Placeholder"/>s.</param>
    public Skeleton(string rendered)
    {
        var text = new StringBuilder(rendered.Length);
        var holes = new List<Hole>();
        string laidOut = CodeLayout.Format(rendered);
        int length = laidOut.Length > 0 ? laidOut.Length - 1 : 0;
        for (int at = 0; at < length;)
        {
            int opening = laidOut.IndexOf(Opening, at, length - at);
            if (opening < 0)
            {
                text.Append(laidOut, at, length - at);
                break;
            }

            text.Append(laidOut, at, opening - at);
            int closing = laidOut.IndexOf(Closing, opening);
            holes.Add(new Hole(text.Length, int.Parse(laidOut.Substring(opening + 1, closing - opening - 1), CultureInfo.InvariantCulture), Indentation(laidOut, opening)));
            at = closing + 1;
        }

        _text = text.ToString();
        _holes = holes.ToArray();
    }

    /// <summary>What stands for a text of the model while the template is rendered.</summary>
    public static string Placeholder(int value) => Opening + value.ToString(CultureInfo.InvariantCulture) + Closing;

    /// <summary>The text with its holes filled. A value of several lines is laid out already, and moves to the depth of its hole as a whole.</summary>
    public void Write(StringBuilder output, IReadOnlyList<string> values)
    {
        int at = 0;
        foreach (Hole hole in _holes)
        {
            output.Append(_text, at, hole.At - at);
            at = hole.At;
            CodeLayout.Shift(output, values[hole.Value], hole.Indentation);
        }

        output.Append(_text, at, _text.Length - at);
    }

    private static int Indentation(string text, int at)
    {
        int start = at == 0 ? 0 : text.LastIndexOf('\n', at - 1) + 1;
        int end = start;
        while (text[end] == ' ')
        {
            end++;
        }

        return end - start;
    }

    private readonly struct Hole(int at, int value, int indentation)
    {
        public int At { get; } = at;

        public int Value { get; } = value;

        public int Indentation { get; } = indentation;
    }
}
