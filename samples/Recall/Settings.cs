using System;

namespace Recall;

/// <summary>How models are trained.</summary>
public sealed record Settings
{
    /// <summary>What they learn.</summary>
    public required MqarTask Task { get; init; }

    /// <summary>Blocks of a model.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>Sequences to learn from. There are enough for every step to have its own.</summary>
    public int Examples { get; init; } = 160_000;

    /// <summary>Sequences to be tested with.</summary>
    public int Tests { get; init; } = 1_000;

    /// <summary>Sequences of a step.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>Most times that all sequences are gone through.</summary>
    public int Epochs { get; init; } = 1;

    /// <summary>Steps between two tests; 0 for a test after every epoch.</summary>
    public int TestEvery { get; init; } = 100;

    /// <summary>Highest learning rate.</summary>
    public double LearningRate { get; init; } = 3e-3;

    /// <summary>Steps over which the rate rises to its highest.</summary>
    public int WarmUp { get; init; } = 100;

    /// <summary>After the warm-up the rate falls to 0 along a cosine: step by step, or epoch by epoch.</summary>
    public bool FallsByEpoch { get; init; }

    /// <summary>AdamW's decay.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Dropout of the embedding.</summary>
    public double Drop { get; init; }

    /// <summary>Deviation of the fresh projections of keys, queries and values, over the square root of twice the layers that of the output projections. Embeddings have 0.02.</summary>
    public double Deviation { get; init; } = 0.1;

    /// <summary>A model that is right more often than this has learnt it, and stops.</summary>
    public double Enough { get; init; } = 0.995;

    /// <summary>Draws sequences, weights and dropout.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Steps of one pass over the sequences.</summary>
    public int StepsPerEpoch => (int)(((long)Examples + Batch - 1) / Batch);

    /// <summary>Most steps.</summary>
    public int Steps => StepsPerEpoch * Epochs;

    /// <summary>The learning rate of a step, counted from 0.</summary>
    public double RateOf(int step)
    {
        if (step < WarmUp)
        {
            return LearningRate * (step + 1) / WarmUp;
        }

        double gone = FallsByEpoch ? (double)(step / StepsPerEpoch) / Epochs : (double)(step - WarmUp) / (Steps - WarmUp);
        return LearningRate * 0.5 * (1 + Math.Cos(Math.PI * gone));
    }

    /// <summary>A test follows when so many steps have been taken; always after the last.</summary>
    public bool IsTestedAfter(int steps) => steps == Steps || steps % (TestEvery == 0 ? StepsPerEpoch : TestEvery) == 0;

    /// <summary>Refuses settings that mean nothing.</summary>
    /// <exception cref="ArgumentException">The message names the setting, what was expected and what it is.</exception>
    public void Check()
    {
        AtLeast(Layers, 1, nameof(Layers));
        AtLeast(Examples, 1, nameof(Examples));
        AtLeast(Tests, 1, nameof(Tests));
        AtLeast(Batch, 1, nameof(Batch));
        AtLeast(Epochs, 1, nameof(Epochs));
        Within((long)StepsPerEpoch * Epochs <= int.MaxValue, nameof(Epochs), FormattableString.Invariant($"at most {int.MaxValue / StepsPerEpoch} of {StepsPerEpoch} steps each"), Epochs);
        AtLeast(TestEvery, 0, nameof(TestEvery));
        AtLeast(WarmUp, 0, nameof(WarmUp));
        Within(LearningRate > 0 && double.IsFinite(LearningRate), nameof(LearningRate), "a finite number above 0", LearningRate);
        Within(WeightDecay >= 0 && double.IsFinite(WeightDecay), nameof(WeightDecay), "a finite number of at least 0", WeightDecay);
        Within(Drop is >= 0 and < 1, nameof(Drop), "a probability from 0 to below 1", Drop);
        Within(Deviation > 0 && double.IsFinite(Deviation), nameof(Deviation), "a finite number above 0", Deviation);
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
