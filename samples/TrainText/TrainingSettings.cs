using System;
using System.Collections.Generic;
using System.Globalization;

namespace TrainText;

/// <summary>How a model is trained. A training that goes on must have the same settings to give the same losses, so they are stored with it.</summary>
public sealed record TrainingSettings
{
    /// <summary>Steps of the whole training.</summary>
    public int Steps { get; init; } = 1000;

    /// <summary>Sequences of a step.</summary>
    public int Batch { get; init; } = 16;

    /// <summary>Tokens of a sequence.</summary>
    public int Context { get; init; } = 128;

    /// <summary>Highest learning rate.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>Steps over which the rate rises to it from 0; after them it falls along a cosine to a tenth.</summary>
    public int WarmUp { get; init; } = 50;

    /// <summary>AdamW's decay.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Gradients are shortened to this length, all parameters together.</summary>
    public double Clip { get; init; } = 1;

    /// <summary>Draws weights and the order of the text.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Learning rate of a step, counted from 0.</summary>
    public double RateOf(int step)
    {
        if (step < WarmUp)
        {
            return LearningRate * (step + 1) / WarmUp;
        }

        double part = (double)(step - WarmUp) / Math.Max(1, Steps - WarmUp);
        return LearningRate * (0.1 + (0.9 * 0.5 * (1 + Math.Cos(Math.PI * Math.Min(1, part)))));
    }

    /// <summary>Refuses settings that mean nothing.</summary>
    /// <exception cref="ArgumentException">The message names the setting, what was expected and what it is.</exception>
    public void Check()
    {
        Within(Steps >= 1, "steps", "at least 1", Steps);
        Within(Batch >= 1, "batch", "at least 1", Batch);
        Within(Context >= 1, "context", "at least 1", Context);
        Within(LearningRate > 0 && double.IsFinite(LearningRate), "rate", "a finite number above 0", LearningRate);
        Within(WarmUp >= 0, "warm-up", "at least 0", WarmUp);
        Within(WeightDecay >= 0 && double.IsFinite(WeightDecay), "decay", "a finite number of at least 0", WeightDecay);
        Within(Clip > 0 && double.IsFinite(Clip), "clip", "a finite number above 0", Clip);
    }

    /// <summary>Every setting as text that reads back to the same number.</summary>
    public IReadOnlyList<(string Name, string Value)> List() =>
    [
        ("steps", Text(Steps)), ("batch", Text(Batch)), ("context", Text(Context)), ("rate", Text(LearningRate)), ("warm-up", Text(WarmUp)),
        ("decay", Text(WeightDecay)), ("clip", Text(Clip)), ("seed", Text(Seed)),
    ];

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    private static void Within(bool holds, string name, string expected, double actual)
    {
        if (!holds)
        {
            throw new ArgumentException(FormattableString.Invariant($"{name}: expected {expected}, actual {actual}"));
        }
    }
}
