using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Reflection;
using Microsoft.CodeAnalysis;

namespace AttnDsl.Generators.Tests.Harness;

/// <summary>The generator's own steps in a driver's result.</summary>
internal static class TrackedSteps
{
    /// <summary>Read from the constants class, so that a new step cannot be forgotten.</summary>
    public static ImmutableArray<string> Names { get; } =
    [
        .. typeof(TrackingNames)
            .GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(field => field.IsLiteral)
            .Select(field => (string)field.GetRawConstantValue()!),
    ];

    /// <summary>Why each step ran: <c>Specs=Modified,Unchanged</c> and so on in pipeline order, the output step last; a step without values reads <c>-</c>.</summary>
    public static string Reasons(GeneratorRunResult result)
    {
        IEnumerable<string> steps = Names.Select(name =>
            $"{name}={Join(result.TrackedSteps.TryGetValue(name, out ImmutableArray<IncrementalGeneratorRunStep> runs) ? runs : [])}");
        return string.Join(" ", steps.Append($"Output={Join(OutputSteps(result))}"));
    }

    public static ImmutableArray<IncrementalGeneratorRunStep> OutputSteps(GeneratorRunResult result) =>
        [.. result.TrackedOutputSteps.Values.SelectMany(runs => runs)];

    /// <summary>Fails when a value between two steps holds a Roslyn object.</summary>
    public static void AssertComparableValues(GeneratorRunResult result)
    {
        foreach (string name in Names)
        {
            if (!result.TrackedSteps.TryGetValue(name, out ImmutableArray<IncrementalGeneratorRunStep> runs))
            {
                continue;
            }

            foreach ((object value, _) in runs.SelectMany(run => run.Outputs))
            {
                if (ObjectGraph.FindForbidden(value) is { } path)
                {
                    Assert.Fail($"Step {name} lets a Roslyn object through: {path}.");
                }
            }
        }
    }

    /// <summary>Fails when anything ran again although nothing had changed.</summary>
    public static void AssertAllCached(GeneratorRunResult result)
    {
        bool cached = Names
            .SelectMany(name => result.TrackedSteps.TryGetValue(name, out ImmutableArray<IncrementalGeneratorRunStep> runs) ? runs : [])
            .SelectMany(run => run.Outputs)
            .All(output => output.Reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged);
        bool outputsCached = OutputSteps(result).SelectMany(run => run.Outputs).All(output => output.Reason == IncrementalStepRunReason.Cached);
        Assert.True(cached && outputsCached, $"A second run on an equal compilation is not cached: {Reasons(result)}");
    }

    private static string Join(ImmutableArray<IncrementalGeneratorRunStep> runs)
    {
        string[] reasons = [.. runs.SelectMany(run => run.Outputs).Select(output => output.Reason.ToString()).Order(StringComparer.Ordinal)];
        return reasons.Length == 0 ? "-" : string.Join(",", reasons);
    }
}
