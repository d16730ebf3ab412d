using System;
using System.Linq;
using TorchSharp;

namespace AttnDsl.Torch.Tests;

[Attention(dim: 48, heads: 6, Bias = true)]
[GroupedQuery(kv: 2)]
[QkNorm]
[Rope(theta: 500000, layout: RopeLayout.Interleaved)]
[Causal]
[AttentionSink]
[SlidingWindow(7)]
[Segments]
public partial class Smoke;

public class SmokeTests
{
    [Fact]
    public void Runs()
    {
        using var scope = torch.NewDisposeScope();
        var m = new Smoke.Module(3, torch.ScalarType.Float64) { Core = CorePath.Torch };
        var w = Smoke.Weights<double>.Create(3);
        var r = new Random(1);
        double[] x = Enumerable.Range(0, 2 * 11 * 48).Select(_ => r.NextDouble() - 0.5).ToArray();
        double[] expected = Smoke.Reference.Forward(w, x, 2, 11);
        var y = m.forward(torch.tensor(x, new long[] { 2, 11, 48 }));
        double worst = expected.Zip(y.data<double>().ToArray(), (a, b) => Math.Abs(a - b)).Max();
        Assert.True(worst < 1e-12, worst.ToString());
        Assert.Equal(w.Tensors.Select(t => t.Name), m.state_dict().Keys);
    }
}
