using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace TrainText;

/// <summary>One token for every character that a text holds, in the order of their code points.</summary>
public sealed class CharacterVocabulary : IVocabulary
{
    private readonly Rune[] characters;
    private readonly Dictionary<Rune, int> numbers;

    private CharacterVocabulary(Rune[] characters)
    {
        this.characters = characters;
        numbers = characters.Index().ToDictionary(pair => pair.Item, pair => pair.Index);
    }

    /// <inheritdoc/>
    public int Count => characters.Length;

    /// <inheritdoc/>
    public string Identity => "characters:" + string.Concat(characters.Select(character => FormattableString.Invariant($" {character.Value:X}")));

    /// <inheritdoc/>
    public int? End => null;

    /// <summary>The vocabulary of a text.</summary>
    /// <param name="text">Not empty.</param>
    public static CharacterVocabulary Of(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        return new CharacterVocabulary([.. text.EnumerateRunes().Distinct().Order()]);
    }

    /// <inheritdoc/>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return [.. text.EnumerateRunes().Select(Number)];
    }

    /// <inheritdoc/>
    public void Print(IEnumerable<int> tokens, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(output);
        foreach (int token in tokens)
        {
            output.Write(characters[token].ToString());
            output.Flush();
        }

        output.WriteLine();
    }

    private int Number(Rune character) => numbers.TryGetValue(character, out int number)
        ? number
        : throw new ArgumentException(FormattableString.Invariant(
            $"text: expected one of the {characters.Length} characters the model learns, actual '{character}' (U+{character.Value:X4})"));
}
