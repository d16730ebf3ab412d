using System;

namespace Recall;

/// <summary>How models are trained.</summary>
public sealed record Settings
{
    /// <summary>What they learn.</summary>
    public required MqarTask Task { get; init; }

    /// <summary>Blocks of a model.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>Sequences to learn from.</summary>
    public int Examples { get; init; } = 40_000;

    /// <summary>Sequences to be tested with.</summary>
    public int Tests { get; init; } = 1_000;

    /// <summary>Sequences of a step.</summary>
    public int Batch { get; init; } = 256;

    /// <summary>Most times that all sequences are gone through.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>Learning rate of the first epoch; it falls to 0 along a cosine, epoch by epoch.</summary>
    public double LearningRate { get; init; } = 4e-3;

    /// <summary>AdamW's decay.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Dropout of the embedding.</summary>
    public double Drop { get; init; } = 0.1;

    /// <summary>A model that is right more often than this has learnt it, and stops.</summary>
    public double Enough { get; init; } = 0.99;

    /// <summary>Draws sequences, weights and dropout.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Refuses settings that mean nothing.</summary>
    /// <exception cref="ArgumentException">The message names the setting, what was expected and what it is.</exception>
    public void Check()
    {
        AtLeast(Layers, 1, nameof(Layers));
        AtLeast(Examples, 1, nameof(Examples));
        AtLeast(Tests, 1, nameof(Tests));
        AtLeast(Batch, 1, nameof(Batch));
        AtLeast(Epochs, 1, nameof(Epochs));
        Within(LearningRate > 0 && double.IsFinite(LearningRate), nameof(LearningRate), "a finite number above 0", LearningRate);
        Within(WeightDecay >= 0 && double.IsFinite(WeightDecay), nameof(WeightDecay), "a finite number of at least 0", WeightDecay);
        Within(Drop is >= 0 and < 1, nameof(Drop), "a probability from 0 to below 1", Drop);
        Within(Enough is > 0 and <= 1, nameof(Enough), "an accuracy above 0 and at most 1", Enough);
    }

    private static void AtLeast(int value, int least, string name) => Within(value >= least, name, FormattableString.Invariant($"at least {least}"), value);

    private static void Within(bool holds, string name, string expected, double actual)
    {
        if (!holds)
        {
            throw new ArgumentException(FormattableString.Invariant($"{name}: expected {expected}, actual {actual}"), name);
        }
    }
}
