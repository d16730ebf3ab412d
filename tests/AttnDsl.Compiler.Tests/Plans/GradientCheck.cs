using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Plan;
using Xunit;

namespace AttnDsl.Compiler.Tests.Plans;

/// <summary>Compares the backward that the differentiator derives with central differences of the forward.</summary>
public static class GradientCheck
{
    private const double Tolerance = 1e-5;

    /// <summary>Passes when every gradient agrees, and would not agree if it were 1 % off.</summary>
    /// <param name="forward">Body under test.</param>
    /// <param name="setting">Inputs and weights, away from kinks.</param>
    /// <param name="unreached">Inputs and weights whose gradient is 0, because every path is stopped or what they add cancels; differences are not asked.</param>
    /// <param name="cotangents">How many outputs get a random cotangent.</param>
    /// <param name="most">How many elements of one input or weight are compared.</param>
    public static void Holds(PlanBody forward, PlanSetting setting, IReadOnlyCollection<string>? unreached = null, int cotangents = 1, int most = 40)
    {
        foreach ((string source, double[] gradient, double[] differences, int[] elements) in Compare(forward, setting, cotangents, most))
        {
            if (unreached?.Contains(source) == true)
            {
                Assert.All(gradient, g => Assert.Equal(0, g, 1e-12));
                continue;
            }

            Assert.True(Error(gradient, differences, elements, 1) < Tolerance, $"{forward.Name}: gradient of {source} is off by {Error(gradient, differences, elements, 1)}");
            Assert.True(Error(gradient, differences, elements, 1.01) > Tolerance, $"{forward.Name}: nobody would notice a wrong gradient of {source}");
        }
    }

    /// <summary>The worst deviation over all sources when gradients are multiplied by a factor.</summary>
    public static double WorstError(PlanBody forward, PlanSetting setting, double factor) =>
        Compare(forward, setting, 1, 40).Max(c => Error(c.Gradient, c.Differences, c.Elements, factor));

    private static IEnumerable<(string Source, double[] Gradient, double[] Differences, int[] Elements)> Compare(PlanBody forward, PlanSetting setting, int cotangents, int most)
    {
        string[] names = Enumerable.Range(0, cotangents).Select(i => "cotangent_" + i).ToArray();
        PlanBody backward = Differentiator.Backward(forward, names);
        PlanInterpreter at = PlanInterpreter.Run(forward, setting);
        double[][] g = names.Select((_, i) => PlanSetting.Normal(at.Outputs[i].Length, 77 + i)).ToArray();
        PlanSetting withCotangents = names.Zip(g).Aggregate(setting, (s, pair) => s.With(pair.First, pair.Second));
        IReadOnlyList<double[]> gradients = PlanInterpreter.Run(backward, withCotangents).Outputs;
        PlanValue[] sources = forward.Inputs.Concat(forward.Weights).ToArray();
        Assert.Equal(sources.Length, gradients.Count);
        for (int i = 0; i < sources.Length; i++)
        {
            string name = sources[i].Name;
            int[] elements = Enumerable.Range(0, gradients[i].Length).OrderBy(e => (e * 7919) % 1009).Take(most).ToArray();
            yield return (name, gradients[i], elements.Select(e => Difference(forward, setting, name, e, g)).ToArray(), elements);
        }
    }

    private static double Difference(PlanBody forward, PlanSetting setting, string source, int element, double[][] cotangents)
    {
        const double Step = 1e-5;
        double Loss(double shift)
        {
            double[] moved = [.. setting.Given[source]];
            moved[element] += shift;
            IReadOnlyList<double[]> outputs = PlanInterpreter.Run(forward, setting.With(source, moved)).Outputs;
            return cotangents.Select((g, i) => g.Zip(outputs[i], (a, b) => a * b).Sum()).Sum();
        }

        return (Loss(Step) - Loss(-Step)) / (2 * Step);
    }

    /// <summary>Largest deviation, relative to the largest element that was compared.</summary>
    private static double Error(double[] gradient, double[] differences, int[] elements, double factor) =>
        elements.Select((e, i) => Math.Abs((factor * gradient[e]) - differences[i])).Max() / differences.Max(Math.Abs);
}
