using System;
using System.Collections.Generic;
using System.Linq;

namespace AttnDsl.Conformance.Tests.Layers;

/// <summary>Test numbers and their comparison.</summary>
internal static class Numbers
{
    /// <summary>Reproducible numbers between −1 and 1.</summary>
    public static double[] Random(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (2 * random.NextDouble()) - 1)];
    }

    /// <summary>Weights with every tensor filled, biases, gains and sinks too: initial ones would hide half of the terms.</summary>
    public static AttentionWeights<double> RandomWeights(ILayer<double> layer, int seed)
    {
        AttentionWeights<double> weights = layer.Zeros();
        int tensorSeed = seed;
        foreach (WeightTensor<double> tensor in weights.Tensors)
        {
            Random(++tensorSeed, (int)tensor.Count).CopyTo(tensor.Data, 0);
        }

        return weights;
    }

    /// <summary>The largest |a − b|; infinite when the lengths differ or only one of two numbers is finite or both are NaN.</summary>
    public static double Difference(IReadOnlyList<double> expected, IReadOnlyList<double> actual) => expected.Count != actual.Count
        ? double.PositiveInfinity
        : expected.Zip(actual, Difference).DefaultIfEmpty(0).Max();

    public static void Close(IReadOnlyList<double> expected, IReadOnlyList<double> actual, double limit, string what = "")
    {
        double difference = Difference(expected, actual);
        if (!(difference <= limit))
        {
            int at = expected.Count == actual.Count ? expected.Zip(actual, Difference).ToList().IndexOf(difference) : -1;
            Assert.Fail(FormattableString.Invariant($"{what}: largest difference {difference:E2}, limit {limit:E2}")
                + (at < 0 ? FormattableString.Invariant($" ({expected.Count} numbers against {actual.Count})") : FormattableString.Invariant($" at {at}: expected {expected[at]:R}, got {actual[at]:R}")));
        }
    }

    public static void Finite(IEnumerable<double> numbers) => Assert.All(numbers, number => Assert.True(double.IsFinite(number)));

    private static double Difference(double a, double b) => a.Equals(b) && !double.IsNaN(a) ? 0 : double.IsFinite(a) && double.IsFinite(b) ? Math.Abs(a - b) : double.PositiveInfinity;
}
