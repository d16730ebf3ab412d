using System.Collections.Generic;
using System.Globalization;
using System.Runtime.CompilerServices;
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

    private readonly string _laidOut;
    private readonly string _text;
    private readonly Hole[] _holes;
    private readonly int _depth;
    private Skeleton? _moved;

    /// <param name="rendered">What the template makes of <see cref="Placeholder"/>s.</param>
    public Skeleton(string rendered)
        : this(CodeLayout.Format(rendered).TrimEnd('\n'), 0)
    {
    }

    private Skeleton(string laidOut, int depth)
    {
        var text = new StringBuilder(laidOut.Length);
        var holes = new List<Hole>();
        for (int at = 0; at < laidOut.Length;)
        {
            int opening = laidOut.IndexOf(Opening, at);
            if (opening < 0)
            {
                text.Append(laidOut, at, laidOut.Length - at);
                break;
            }

            text.Append(laidOut, at, opening - at);
            int closing = laidOut.IndexOf(Closing, opening);
            holes.Add(new Hole(text.Length, int.Parse(laidOut.Substring(opening + 1, closing - opening - 1), CultureInfo.InvariantCulture), Indentation(laidOut, opening, depth)));
            at = closing + 1;
        }

        _laidOut = laidOut;
        _depth = depth;
        _text = text.ToString();
        _holes = holes.ToArray();
    }

    /// <summary>The same text further to the right, all lines but the first one, which continues what stands before it.</summary>
    /// <param name="indentation">Characters.</param>
    public Skeleton At(int indentation)
    {
        if (indentation == _depth)
        {
            return this;
        }

        // A project's types nearly all stand at one depth.
        Skeleton? moved = _moved;
        if (moved is null || moved._depth != indentation)
        {
            var text = new StringBuilder(_laidOut.Length * 2);
            CodeLayout.Shift(text, _laidOut, indentation);
            moved = new Skeleton(text.ToString(), indentation);
            _moved = moved;
        }

        return moved;
    }

    /// <summary>What stands for a text of the model while the template is rendered.</summary>
    public static string Placeholder(int value) => Opening + value.ToString(CultureInfo.InvariantCulture) + Closing;

    /// <summary>The text with its holes filled. A value of several lines is laid out already, and moves to the depth of its hole as a whole.</summary>
    [MethodImpl(Jit.Hot)]
    public void Write(StringBuilder output, List<string> values)
    {
        int at = 0;
        foreach (Hole hole in _holes)
        {
            output.Append(_text, at, hole.At - at);
            at = hole.At;
            string value = values[hole.Value];
            if (value.IndexOf('\n') < 0)
            {
                output.Append(value);
            }
            else
            {
                CodeLayout.Shift(output, value, hole.Indentation);
            }
        }

        output.Append(_text, at, _text.Length - at);
    }

    /// <summary>Of the line that a place stands on. The first line's is written by whoever writes the text.</summary>
    private static int Indentation(string text, int at, int depth)
    {
        int start = at == 0 ? 0 : text.LastIndexOf('\n', at - 1) + 1;
        if (start == 0)
        {
            return depth;
        }

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
