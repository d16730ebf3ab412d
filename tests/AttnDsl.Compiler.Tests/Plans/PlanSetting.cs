using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Plan;

namespace AttnDsl.Compiler.Tests.Plans;

/// <summary>Everything a run of a body needs beside the body.</summary>
public sealed record PlanSetting(int Batch, int Tokens, IReadOnlyDictionary<string, double[]> Given)
{
    /// <summary>Cached tokens before the block, where no cache says so.</summary>
    public int Past { get; init; }

    public PlanCache? Cache { get; init; }

    /// <summary>Tables that score expressions read.</summary>
    public IReadOnlyDictionary<string, double[]> Buffers { get; init; } = new Dictionary<string, double[]>();

    /// <summary>Segment ids [batch, keys], for masks that ask for them.</summary>
    public int[,]? Segments { get; init; }

    /// <summary>The same run with one input or weight replaced.</summary>
    public PlanSetting With(string name, double[] values) => this with { Given = new Dictionary<string, double[]>(Given) { [name] = values } };

    /// <summary>Normal numbers for every input and weight of a body, the same for the same names and seed.</summary>
    public static PlanSetting Random(PlanBody body, int batch, int tokens, int past = 0, int seed = 1, double deviation = 1)
    {
        var given = new Dictionary<string, double[]>();
        foreach (PlanValue value in body.Inputs.Concat(body.Weights))
        {
            int count = PlanInterpreter.Shape(value.Type, batch, tokens, past).Aggregate(1, (p, e) => p * e);
            given[value.Name] = Normal(count, (value.Name.Sum(c => c * 31) * 1000) + seed, deviation);
        }

        return new PlanSetting(batch, tokens, given) { Past = past };
    }

    public static double[] Normal(int count, int seed, double deviation = 1)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, count)
            .Select(_ => deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))
            .ToArray();
    }
}
