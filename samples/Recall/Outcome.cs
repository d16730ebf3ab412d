using System;
using System.Collections.Generic;

namespace Recall;

/// <summary>What became of a contender.</summary>
/// <param name="Contender">Who.</param>
/// <param name="Settings">How it was trained.</param>
/// <param name="Parameters">Parameters of the whole model.</param>
/// <param name="CacheBytes">Bytes cached per token by all its layers, in float32.</param>
/// <param name="Checks">Each test in order.</param>
/// <param name="Time">Time it took, tests included.</param>
/// <param name="IsCut">The time allowed ended before the steps did.</param>
public sealed record Outcome(Contender Contender, Settings Settings, long Parameters, long CacheBytes, IReadOnlyList<Check> Checks, TimeSpan Time, bool IsCut)
{
    /// <summary>Share of queries answered right, per sequence and then over the test sequences, at the last test.</summary>
    public double Accuracy => Checks.Count == 0 ? 0 : Checks[^1].Accuracy;

    /// <summary>Steps taken up to the last test.</summary>
    public int Steps => Checks.Count == 0 ? 0 : Checks[^1].Step;
}

/// <summary>A test between two steps.</summary>
/// <param name="Step">Steps taken before it.</param>
/// <param name="Loss">Mean cross-entropy of the labelled tokens since the test before, in nats.</param>
/// <param name="Accuracy">Share of test queries answered right.</param>
public readonly record struct Check(int Step, double Loss, double Accuracy);
