using System;
using System.Collections.Generic;

namespace Recall;

/// <summary>What became of a contender.</summary>
/// <param name="Contender">Who.</param>
/// <param name="Settings">How it was trained.</param>
/// <param name="Parameters">Parameters of the whole model.</param>
/// <param name="CacheBytes">Bytes cached per token by all its layers, in float32.</param>
/// <param name="Epochs">Each epoch in order.</param>
/// <param name="Time">Time it took, tests included.</param>
/// <param name="IsCut">The time allowed ended before the epochs did.</param>
public sealed record Outcome(Contender Contender, Settings Settings, long Parameters, long CacheBytes, IReadOnlyList<Epoch> Epochs, TimeSpan Time, bool IsCut)
{
    /// <summary>Share of queries answered right, per sequence and then over the test sequences, after the last epoch.</summary>
    public double Accuracy => Epochs.Count == 0 ? 0 : Epochs[^1].Accuracy;
}

/// <summary>One pass over the sequences.</summary>
/// <param name="Loss">Mean cross-entropy of the labelled tokens, in nats.</param>
/// <param name="Accuracy">Share of test queries answered right after it.</param>
public readonly record struct Epoch(double Loss, double Accuracy);
