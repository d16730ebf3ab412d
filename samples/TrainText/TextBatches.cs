using System;
using static TorchSharp.torch;

namespace TrainText;

/// <summary>
/// Pieces of a text, drawn at random. What a step draws depends on the seed and the number of the step alone, so a training that goes on needs to know no more than where it stood.
/// </summary>
public sealed class TextBatches
{
    private readonly int[] tokens;
    private readonly TrainingSettings settings;

    /// <summary>Batches of a text.</summary>
    /// <param name="tokens">The text.</param>
    /// <param name="settings">Sizes and seed.</param>
    /// <exception cref="ArgumentException">A text shorter than one sequence and the token after it.</exception>
    public TextBatches(int[] tokens, TrainingSettings settings)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(settings);
        if (tokens.Length < settings.Context + 1)
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"tokens: expected at least {settings.Context + 1}, a sequence of {settings.Context} and the token after it, actual {tokens.Length}; try a smaller context"), nameof(tokens));
        }

        this.tokens = tokens;
        this.settings = settings;
    }

    /// <summary>The sequences of a step and what follows each of their tokens, int64 [batch, context] both.</summary>
    /// <param name="step">Number of the step, from 0.</param>
    public (Tensor Inputs, Tensor Answers) Of(int step)
    {
        int context = settings.Context;
        var inputs = new long[settings.Batch * context];
        var answers = new long[inputs.Length];
        for (int row = 0; row < settings.Batch; row++)
        {
            ulong drawn = Mix(((ulong)(uint)settings.Seed << 32 | (uint)step) + Mix((ulong)row + 1));
            int start = (int)(drawn % (ulong)(tokens.Length - context));
            for (int t = 0; t < context; t++)
            {
                inputs[(row * context) + t] = tokens[start + t];
                answers[(row * context) + t] = tokens[start + t + 1];
            }
        }

        return (tensor(inputs, [settings.Batch, context]), tensor(answers, [settings.Batch, context]));
    }

    // The finisher of SplitMix64: every bit of the counter moves every bit of the number.
    private static ulong Mix(ulong counter)
    {
        ulong z = unchecked(counter * 0x9E3779B97F4A7C15UL);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBUL);
        return z ^ (z >> 31);
    }
}
