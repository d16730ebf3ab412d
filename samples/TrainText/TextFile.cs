using System;
using System.IO;
using System.Security.Cryptography;
using System.Text;

namespace TrainText;

/// <summary>A text to learn from.</summary>
/// <param name="Text">Its characters.</param>
/// <param name="Hash">SHA-256 of the file, so that training goes on with the same text only.</param>
public sealed record TextFile(string Text, string Hash)
{
    /// <summary>Reads a file as UTF-8.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is empty or not UTF-8.</exception>
    public static TextFile Read(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        string text;
        try
        {
            var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
            ReadOnlySpan<byte> content = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes.AsSpan(Encoding.UTF8.Preamble.Length) : bytes;
            text = utf8.GetString(content);
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException(FormattableString.Invariant($"{path}: expected UTF-8 text, actual bytes that are none at {e.Index}"), e);
        }

        return text.Length > 0
            ? new TextFile(text, Convert.ToHexStringLower(SHA256.HashData(bytes)))
            : throw new InvalidDataException($"{path}: expected text, actual an empty file");
    }
}
