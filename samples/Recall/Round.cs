using System;
using System.Collections.Generic;

namespace Recall;

/// <summary>One task on which all contenders of a width compete.</summary>
/// <param name="Settings">How they are trained.</param>
/// <param name="Contenders">Who competes.</param>
public sealed record Round(Settings Settings, IReadOnlyList<Contender> Contenders)
{
    /// <summary>File name of its pictures, without their end.</summary>
    public string Name => FormattableString.Invariant($"recall-{Settings.Task.Length}x{Settings.Task.Pairs}-v{Settings.Task.Vocabulary}-d{Contenders[0].Dim}");

    /// <summary>What it is about.</summary>
    public string Title => FormattableString.Invariant(
        $"{Settings.Task.Pairs} pairs in {Settings.Task.Length} tokens, vocabulary {Settings.Task.Vocabulary}, {Settings.Layers} layers of width {Contenders[0].Dim}");

    /// <summary>
    /// The settings of the paper's second figure, its two shorter tasks at two widths: 100 000 sequences, 64 epochs, no random fillers. Of its four learning rates the third, since time allows one.
    /// </summary>
    /// <param name="seed">Draws sequences, weights and dropout.</param>
    public static IReadOnlyList<Round> OfPaper(int seed)
    {
        const int Vocabulary = 8192, Examples = 100_000, Tests = 3_000, Batch = 512, Epochs = 64;
        double rate = Math.Pow(10, -8.0 / 3);
        MqarTask shorter = new(Vocabulary, length: 64, pairs: 4), longer = new(Vocabulary, length: 128, pairs: 8);
        return
        [
            new(Of(shorter), Contender.OfWidth64), new(Of(shorter), Contender.OfWidth128), new(Of(longer), Contender.OfWidth64), new(Of(longer), Contender.OfWidth128),
        ];

        Settings Of(MqarTask task) => new()
        {
            Task = task,
            Examples = Examples,
            Tests = Tests,
            Batch = Batch,
            Epochs = Epochs,
            TestEvery = 0,
            LearningRate = rate,
            WarmUp = 0,
            FallsByEpoch = true,
            WeightDecay = 0.1,
            Drop = 0.1,
            Deviation = 0.02,
            Enough = 0.99,
            Seed = seed,
        };
    }
}
