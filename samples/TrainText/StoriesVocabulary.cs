using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using Stories;

namespace TrainText;

/// <summary>The tokens of a llama2.c model. Texts are parted at empty lines; each part begins with the begin token.</summary>
public sealed class StoriesVocabulary : IVocabulary
{
    // Merging looks at all neighbours again and again, so long texts are merged piece by piece. No token reaches across the space between two words.
    private const int PieceLength = 256;

    private readonly Tokenizer tokenizer;

    /// <summary>Loads a vocabulary.</summary>
    /// <param name="path">Tokenizer in llama2.c format.</param>
    /// <param name="count">Number of tokens of the model.</param>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is not a vocabulary of that many tokens.</exception>
    public StoriesVocabulary(string path, int count)
    {
        tokenizer = Tokenizer.Load(path, count);
        using FileStream file = File.OpenRead(path);
        Identity = "llama2.c: " + Convert.ToHexStringLower(SHA256.HashData(file));
    }

    /// <inheritdoc/>
    public int Count => tokenizer.VocabSize;

    /// <inheritdoc/>
    public string Identity { get; }

    /// <inheritdoc/>
    public int? End => Tokenizer.BeginOfSequence;

    /// <inheritdoc/>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<int> tokens = [];
        foreach (string part in text.ReplaceLineEndings("\n").Split("\n\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).DefaultIfEmpty(""))
        {
            bool first = true;
            foreach (string piece in Pieces(part))
            {
                tokens.AddRange(tokenizer.Encode(piece).Skip(first ? 0 : 1));
                first = false;
            }
        }

        return [.. tokens];
    }

    /// <inheritdoc/>
    public void Print(IEnumerable<int> tokens, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        var printer = new StoryPrinter(tokenizer, output);
        foreach (int token in tokens)
        {
            printer.Write(token);
        }

        printer.End();
    }

    /// <summary>Parts at a space near every <see cref="PieceLength"/> characters; the tokenizer puts that space before the next piece again.</summary>
    private static IEnumerable<string> Pieces(string part)
    {
        int start = 0;
        while (part.Length - start > PieceLength)
        {
            int space = part.LastIndexOf(' ', start + PieceLength, PieceLength);
            if (space <= start)
            {
                space = part.IndexOf(' ', start + PieceLength);
                if (space < 0)
                {
                    break;
                }
            }

            yield return part[start..space];
            start = space + 1;
        }

        yield return part[start..];
    }
}
