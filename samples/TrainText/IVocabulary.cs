using System.Collections.Generic;
using System.IO;

namespace TrainText;

/// <summary>Text as numbers and back.</summary>
public interface IVocabulary
{
    /// <summary>Number of tokens.</summary>
    int Count { get; }

    /// <summary>What has to be equal for a saved model to mean the same text; stored with it.</summary>
    string Identity { get; }

    /// <summary>The token at which a model stops by itself; null when it goes on for ever.</summary>
    int? End { get; }

    /// <summary>The tokens of a text.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="System.ArgumentException">The text holds something that the vocabulary has no token for.</exception>
    int[] Encode(string text);

    /// <summary>Writes tokens as text, each as soon as it is there, and ends the line.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="output">Where to.</param>
    void Print(IEnumerable<int> tokens, TextWriter output);
}
