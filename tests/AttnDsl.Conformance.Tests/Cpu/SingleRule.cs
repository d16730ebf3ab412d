using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>
/// How far a kernel in single precision may be from the truth: no further than <see cref="Forward"/> (or <see cref="Tolerances.GradientFactor"/>) times what a plain loop in single precision is, plus a floor;
/// by the largest error and by the mean one. The truth is the double reference on the same, rounded inputs. So the limit follows the data and needs no number per test.
/// </summary>
internal static class SingleRule
{
    /// <summary>Outputs: another order of sums may lose about as much again.</summary>
    public const double Forward = 2;

    /// <summary>The floor: 4 epsilons of the largest result, for results that a plain loop happens to hit exactly.</summary>
    private const double Epsilons = 4;

    private const double Epsilon = 1.0 / (1 << 23);

    /// <summary>An output.</summary>
    /// <param name="what">Names it in messages.</param>
    /// <param name="expected">The truth.</param>
    /// <param name="yardstick">The plain loop's.</param>
    /// <param name="actual">The kernel's.</param>
    /// <param name="scores">Largest score where scores are large: a score of size s is rounded by s epsilons, and a weight is e to the score.</param>
    /// <param name="report">Receives the errors beside their limit.</param>
    public static void Check(string what, IReadOnlyList<double> expected, IReadOnlyList<float> yardstick, IReadOnlyList<float> actual, double scores = 0, Action<string>? report = null) =>
        Check(what, expected, yardstick, actual, Forward, (Epsilons + scores) * Epsilon * Largest(expected), report);

    /// <summary>
    /// All gradients of one backward, with one floor: what cancels on the way (the score gradients of a query that sees one key, of a bias that shifts all scores alike) leaves the rounding of what cancelled,
    /// which is as large as the other gradients.
    /// </summary>
    /// <param name="what">Names the backward in messages.</param>
    /// <param name="gradients">Name, truth, plain loop's and kernel's gradient.</param>
    /// <param name="scores">As above.</param>
    /// <param name="report">As above.</param>
    public static void Gradients(string what, IReadOnlyCollection<(string Name, double[] Expected, float[] Yardstick, float[] Actual)> gradients, double scores = 0, Action<string>? report = null)
    {
        double floor = (Epsilons + scores) * Epsilon * gradients.Max(gradient => Largest(gradient.Expected));
        foreach ((string name, double[] expected, float[] yardstick, float[] actual) in gradients)
        {
            Check($"{what}, gradient of {name}", expected, yardstick, actual, Tolerances.GradientFactor, floor, report);
        }
    }

    /// <summary>The gradients of all weights, for <see cref="Gradients"/>.</summary>
    public static IEnumerable<(string Name, double[] Expected, float[] Yardstick, float[] Actual)> Weights(
        AttentionWeights<double> expected, AttentionWeights<float> yardstick, AttentionWeights<float> actual) =>
        expected.Tensors.Select(tensor => (tensor.Name, tensor.Data, yardstick[tensor.Name].Data, actual[tensor.Name].Data));

    private static void Check(string what, IReadOnlyList<double> expected, IReadOnlyList<float> yardstick, IReadOnlyList<float> actual, double factor, double floor, Action<string>? report)
    {
        Assert.True(expected.Count == actual.Count, FormattableString.Invariant($"{what}: {expected.Count} numbers against {actual.Count}"));
        (double kernel, double kernelMean, int place) = Error(expected, actual);
        (double plain, double plainMean, _) = Error(expected, yardstick);
        double limit = (factor * plain) + floor;
        string message = FormattableString.Invariant($"{what}: kernel {kernel:E1}, plain loop {plain:E1}, limit {limit:E1}");
        if (!(kernel <= limit))
        {
            Assert.Fail(FormattableString.Invariant($"{message}; at {place} of {expected.Count}: expected {expected[place]:R}, got {actual[place]:R}"));
        }

        if (!(kernelMean <= (factor * plainMean) + floor))
        {
            Assert.Fail(FormattableString.Invariant($"{message}; mean: kernel {kernelMean:E1}, plain loop {plainMean:E1}"));
        }

        report?.Invoke(message);
    }

    private static double Largest(IEnumerable<double> numbers) => numbers.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();

    private static (double Largest, double Mean, int Place) Error(IReadOnlyList<double> expected, IReadOnlyList<float> actual)
    {
        (double largest, double sum, int place) = (0, 0, 0);
        for (int i = 0; i < expected.Count; i++)
        {
            // Infinities must be where they are expected; NaN is never right.
            double error = expected[i] == actual[i] ? 0 : double.IsFinite(expected[i]) && float.IsFinite(actual[i]) ? Math.Abs(expected[i] - actual[i]) : double.PositiveInfinity;
            sum += error;
            if (error > largest)
            {
                (largest, place) = (error, i);
            }
        }

        return (largest, sum / Math.Max(1, expected.Count), place);
    }
}
