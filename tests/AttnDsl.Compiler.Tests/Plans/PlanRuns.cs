using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Plan;
using Xunit;

namespace AttnDsl.Compiler.Tests.Plans;

/// <summary>Runs the bodies of a plan as a user would: at once, in chunks, token by token.</summary>
public static class PlanRuns
{
    /// <summary>The train body over fresh tokens.</summary>
    public static PlanInterpreter Train(AttentionPlan plan, IReadOnlyDictionary<string, double[]> weights, double[] x, int batch) =>
        PlanInterpreter.Run(plan.Bodies[BodyNames.Train], Setting(plan, weights, x, batch, null));

    /// <summary>The result [batch, tokens, dim] of feeding x in chunks through a cache: chunks of one token decode, longer ones prefill.</summary>
    public static double[] Cached(AttentionPlan plan, IReadOnlyDictionary<string, double[]> weights, double[] x, int batch, IEnumerable<int> chunks)
    {
        var cache = new PlanCache(batch);
        int dim = (int)plan.Widths.Dim;
        int tokens = x.Length / (batch * dim);
        double[] result = new double[x.Length];
        foreach (int chunk in chunks)
        {
            int from = cache.Past;
            double[] block = Rows(x, batch, tokens, dim, from, chunk);
            PlanBody body = plan.Bodies[chunk == 1 ? BodyNames.Decode : BodyNames.Prefill];
            double[] y = PlanInterpreter.Run(body, Setting(plan, weights, block, batch, cache)).Outputs[0];
            for (int b = 0; b < batch; b++)
            {
                Array.Copy(y, b * chunk * dim, result, ((b * tokens) + from) * dim, chunk * dim);
            }
        }

        return result;
    }

    /// <summary>FLOPs of a plan are twice the multiply-adds that the interpreter counts, fresh and decoding.</summary>
    public static void CostsAreCounted(AttentionPlan plan, int most, bool decodes = true)
    {
        Dictionary<string, double[]> weights = DerivedWeights.Random(plan);
        for (int tokens = 1; tokens <= most; tokens++)
        {
            double[] x = PlanSetting.Normal(tokens * (int)plan.Widths.Dim, tokens);
            Assert.Equal(plan.PrefillCost.PrefillFlops(tokens), 2 * Train(plan, weights, x, 1).MultiplyAdds);
            if (!decodes)
            {
                continue;
            }

            var cache = new PlanCache(1);
            if (tokens > 1)
            {
                PlanInterpreter.Run(plan.Bodies[BodyNames.Prefill], Setting(plan, weights, x[..^(int)plan.Widths.Dim], 1, cache));
            }

            PlanInterpreter step = PlanInterpreter.Run(plan.Bodies[BodyNames.Decode], Setting(plan, weights, x[^(int)plan.Widths.Dim..], 1, cache));
            Assert.Equal(plan.DecodeCost.DecodeFlops(tokens), 2 * step.MultiplyAdds);
        }
    }

    /// <summary>A setting with x under every input that has its width: bodies of two streams read the same.</summary>
    public static PlanSetting Setting(AttentionPlan plan, IReadOnlyDictionary<string, double[]> weights, double[] x, int batch, PlanCache? cache) =>
        new(batch, x.Length / (batch * (int)plan.Widths.Dim), new Dictionary<string, double[]>(weights) { ["x"] = x, ["x_full"] = x, ["x_gated"] = x })
        {
            Cache = cache,
            Buffers = plan.Buffers.ToDictionary(b => b.Name, b => b.Values.ToArray()),
        };

    public static void Close(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        double worst = expected.Zip(actual, (e, a) => Math.Abs(e - a)).DefaultIfEmpty(0).Max();
        Assert.True(worst <= tolerance, $"largest difference {worst}, allowed {tolerance}");
    }

    private static double[] Rows(double[] x, int batch, int tokens, int dim, int from, int count) =>
        Enumerable.Range(0, batch).SelectMany(b => x.Skip(((b * tokens) + from) * dim).Take(count * dim)).ToArray();
}
