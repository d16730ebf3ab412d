using System;
using System.IO;
using AttnDsl.Torch;
using Stories;

namespace TrainText;

/// <summary>Sizes of a model and its attention.</summary>
/// <param name="Vocabulary">Number of tokens.</param>
/// <param name="Dim">Width of the residual stream, as the attention declares it.</param>
/// <param name="Hidden">Width of the feed-forward network.</param>
/// <param name="Layers">Number of blocks.</param>
/// <param name="Positions">Most tokens of a sequence.</param>
/// <param name="Attention">Makes the attention of one block.</param>
public sealed record ModelShape(int Vocabulary, int Dim, int Hidden, int Layers, int Positions, Func<AttentionModule> Attention)
{
    /// <summary>A small model of characters.</summary>
    /// <param name="vocabulary">Number of characters.</param>
    /// <param name="layers">Number of blocks.</param>
    /// <param name="positions">Most characters of a sequence.</param>
    public static ModelShape OfCharacters(int vocabulary, int layers, int positions) =>
        new(vocabulary, CharacterAttention.Spec.Dim, 3 * CharacterAttention.Spec.Dim, layers, positions, () => new CharacterAttention.Module());

    /// <summary>The model of a llama2.c checkpoint.</summary>
    /// <param name="header">Its sizes, those of <see cref="StoriesAttention"/>.</param>
    /// <param name="path">The file, for the error message.</param>
    /// <exception cref="InvalidDataException">A classifier of its own.</exception>
    public static ModelShape OfStories(CheckpointHeader header, string path)
    {
        ArgumentNullException.ThrowIfNull(header);
        return header.SharedClassifier
            ? new(header.VocabSize, header.Dim, header.HiddenDim, header.Layers, header.SequenceLength, () => new StoriesAttention.Module())
            : throw new InvalidDataException($"{path}: expected a model whose classifier is its token embedding, actual one of its own");
    }
}
