using System;
using System.IO;
using System.Text;

namespace Stories;

/// <summary>
/// Writes tokens as text as soon as they are made. Byte tokens are joined to characters, and control characters other than white space are left out,
/// because a model may well make bytes that would upset a terminal.
/// </summary>
public sealed class StoryPrinter(Tokenizer tokenizer, TextWriter output)
{
    private const int MostOnStack = 256;

    private readonly System.Text.Decoder decoder = Encoding.UTF8.GetDecoder();
    private int previous = Tokenizer.BeginOfSequence;

    /// <summary>Writes one token; the begin token writes nothing.</summary>
    /// <param name="token">The token.</param>
    public void Write(int token)
    {
        if (token != Tokenizer.BeginOfSequence)
        {
            Write(tokenizer.Decode(previous, token).Span, flush: false);
        }

        previous = token;
    }

    /// <summary>Writes what an unfinished character left over, and ends the line.</summary>
    public void End()
    {
        Write([], flush: true);
        output.WriteLine();
        output.Flush();
    }

    private void Write(ReadOnlySpan<byte> bytes, bool flush)
    {
        int most = Encoding.UTF8.GetMaxCharCount(bytes.Length);
        Span<char> chars = most <= MostOnStack ? stackalloc char[most] : new char[most];
        chars = chars[..decoder.GetChars(bytes, chars, flush)];
        int kept = 0;
        foreach (char value in chars)
        {
            if (!char.IsControl(value) || char.IsWhiteSpace(value))
            {
                chars[kept++] = value;
            }
        }

        // In one piece: the console passes on every write at once.
        output.Write(chars[..kept]);
        output.Flush();
    }
}
