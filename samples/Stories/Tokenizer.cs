using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;

namespace Stories;

/// <summary>
/// A SentencePiece vocabulary in the format of llama2.c: max_token_length (int32), then per token a score (float32), a length (int32) and that many bytes.
/// Encoding merges the best-scored neighbours until none is left; what the vocabulary does not know falls back to its bytes.
/// </summary>
public sealed class Tokenizer
{
    /// <summary>The token every sequence begins with, and a model's sign that a story is over.</summary>
    public const int BeginOfSequence = 1;

    /// <summary>Token of byte 0; the other bytes follow. The tokens before it are the unknown, the begin and the end.</summary>
    public const int FirstByteToken = 3;

    private const int ByteCount = 256;
    private const int EntryHeader = sizeof(float) + sizeof(int);

    private readonly byte[][] pieces;

    // What a token adds to the text: its piece, or the byte it stands for.
    private readonly byte[][] printed;
    private readonly float[] scores;

    // One char per byte (Latin-1), so that pieces that are no valid UTF-8 on their own are still distinct keys.
    private readonly Dictionary<string, int> tokens;
    private readonly int space;

    private Tokenizer(byte[][] pieces, float[] scores, string path)
    {
        this.pieces = pieces;
        this.scores = scores;
        tokens = new Dictionary<string, int>(pieces.Length, StringComparer.Ordinal);
        for (int i = 0; i < pieces.Length; i++)
        {
            tokens.TryAdd(Key(pieces[i]), i);
        }

        for (int value = 0; value < ByteCount; value++)
        {
            if (TryByte(pieces[FirstByteToken + value]) != value)
            {
                throw new InvalidDataException(FormattableString.Invariant(
                    $"{path}: token {FirstByteToken + value}: expected the byte token <0x{value:X2}>, actual '{Encoding.UTF8.GetString(pieces[FirstByteToken + value])}'."));
            }
        }

        printed = Array.ConvertAll(pieces, piece => TryByte(piece) is int value ? [(byte)value] : piece);
        space = tokens.TryGetValue(" ", out int token)
            ? token
            : throw new InvalidDataException($"{path}: expected a token for a single space, actual none; a text's first word needs it.");
    }

    /// <summary>Number of tokens.</summary>
    public int VocabSize => pieces.Length;

    /// <summary>Loads a vocabulary.</summary>
    /// <param name="path">The file.</param>
    /// <param name="vocabSize">Number of tokens of the model; the file does not say it.</param>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is not a vocabulary of that many tokens.</exception>
    public static Tokenizer Load(string path, int vocabSize)
    {
        if (vocabSize < FirstByteToken + ByteCount)
        {
            throw new InvalidDataException(FormattableString.Invariant(
                $"{path}: vocabulary: expected at least {FirstByteToken + ByteCount} tokens (three special ones and the bytes), actual {vocabSize}."));
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
        long shortest = sizeof(int) + (long)vocabSize * EntryHeader;
        if (file.Length < shortest)
        {
            throw new InvalidDataException(FormattableString.Invariant(
                $"{path}: length: expected at least {shortest} bytes for {vocabSize} tokens, actual {file.Length}."));
        }

        Span<byte> head = stackalloc byte[EntryHeader];
        file.ReadExactly(head[..sizeof(int)]);
        int longest = BinaryPrimitives.ReadInt32LittleEndian(head);
        var pieces = new byte[vocabSize][];
        var scores = new float[vocabSize];
        for (int i = 0; i < vocabSize; i++)
        {
            if (file.Length - file.Position < EntryHeader)
            {
                throw new InvalidDataException(FormattableString.Invariant($"{path}: expected {vocabSize} tokens, actual {i}: the file ends early."));
            }

            file.ReadExactly(head);
            float score = BinaryPrimitives.ReadSingleLittleEndian(head);
            int length = BinaryPrimitives.ReadInt32LittleEndian(head[sizeof(float)..]);
            long rest = file.Length - file.Position;
            if (length < 1 || length > longest || length > rest)
            {
                throw new InvalidDataException(FormattableString.Invariant(
                    $"{path}: token {i}: expected a length from 1 to {Math.Min(longest, rest)} bytes, actual {length}."));
            }

            scores[i] = float.IsFinite(score)
                ? score
                : throw new InvalidDataException(FormattableString.Invariant($"{path}: token {i}: expected a finite score, actual {score}."));
            pieces[i] = new byte[length];
            file.ReadExactly(pieces[i]);
        }

        return file.Position == file.Length
            ? new Tokenizer(pieces, scores, path)
            : throw new InvalidDataException(FormattableString.Invariant(
                $"{path}: length: expected {file.Position} bytes for {vocabSize} tokens, actual {file.Length}: trailing bytes, or the tokenizer of another model."));
    }

    /// <summary>The tokens of a text, the begin token first.</summary>
    /// <param name="text">Any text; the empty one is the begin token alone.</param>
    public List<int> Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var sequence = new List<int> { BeginOfSequence };
        if (text.Length > 0)
        {
            // The vocabulary was trained on texts with a space before the first word.
            sequence.Add(space);
        }

        Span<byte> utf8 = stackalloc byte[4];
        foreach (Rune rune in text.EnumerateRunes())
        {
            ReadOnlySpan<byte> character = utf8[..rune.EncodeToUtf8(utf8)];
            if (tokens.TryGetValue(Key(character), out int token))
            {
                sequence.Add(token);
                continue;
            }

            foreach (byte value in character)
            {
                sequence.Add(FirstByteToken + value);
            }
        }

        Merge(sequence);
        return sequence;
    }

    /// <summary>The bytes that a token adds to the text: less the space that follows the begin token, and a byte token as its byte.</summary>
    /// <param name="previous">The token before it.</param>
    /// <param name="token">The token.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such token.</exception>
    public ReadOnlyMemory<byte> Decode(int previous, int token)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(token);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(token, pieces.Length);
        byte[] text = printed[token];
        return previous == BeginOfSequence && pieces[token][0] == ' ' ? text.AsMemory(1) : text;
    }

    /// <summary>Joins the neighbours whose joint token scores best, the first of equals, until no neighbours form a token.</summary>
    private void Merge(List<int> sequence)
    {
        while (true)
        {
            int bestAt = -1, bestToken = -1;
            for (int i = 0; i + 1 < sequence.Count; i++)
            {
                string joint = Key(pieces[sequence[i]]) + Key(pieces[sequence[i + 1]]);
                if (tokens.TryGetValue(joint, out int token) && (bestAt < 0 || scores[token] > scores[bestToken]))
                {
                    bestAt = i;
                    bestToken = token;
                }
            }

            if (bestAt < 0)
            {
                return;
            }

            sequence[bestAt] = bestToken;
            sequence.RemoveAt(bestAt + 1);
        }
    }

    private static string Key(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    /// <summary>The byte that a piece of the form &lt;0xNN&gt; stands for.</summary>
    private static int? TryByte(ReadOnlySpan<byte> piece) =>
        piece.Length == 6 && piece.StartsWith("<0x"u8) && piece[5] == '>'
        && byte.TryParse(piece[3..5], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value)
            ? value
            : null;
}
