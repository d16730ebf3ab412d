using System;
using AttnDsl;

namespace Quickstart;

[Attention(dim: 48, heads: 6)]
[GroupedQuery(kv: 2)]
[QkNorm]
[Rope(theta: 500_000, layout: RopeLayout.Interleaved)]
[Causal]
[SlidingWindow(7)]
[LogitSoftCap(5)]
[AttentionSink]
public partial class Everything;

public static class Program
{
    public static void Main()
    {
        var weights = Everything.Weights<double>.Create(seed: 1);
        var x = new double[2 * 5 * 48];
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = Math.Sin(i);
        }

        double[] y = Everything.Reference.Forward(weights, x, batch: 2, tokens: 5);
        Console.WriteLine(y[0]);
    }
}
