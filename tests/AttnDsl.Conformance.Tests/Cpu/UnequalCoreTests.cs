using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Goldens;
using AttnDsl.Conformance.Tests.Layers;
using AttnDsl.Cpu;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>
/// The core recorded from a kernel's own tests: 8 query heads, 2 key and 4 value heads, keys 8 and values 16 wide, 10 queries over 15 keys. No stack of attributes has these widths without a latent,
/// so the kernels are called as generated code calls them.
/// </summary>
[Collection(Goldens.GoldenTests.Name)]
public sealed class UnequalCoreTests(ITestOutputHelper output)
{
    private const string File = "goldens/diffqkv-flexhead-core.safetensors";

    private static readonly AttendGeometry s_geometry = new(HeadMap.Grouped(8, 8), HeadMap.Grouped(2, 8), HeadMap.Grouped(4, 8), 8, 16, 1 / Math.Sqrt(8));

    [Fact]
    public void The_oracle_and_the_kernels_give_the_recorded_core()
    {
        if (Shared.Find(File, output) is not { } path)
        {
            return;
        }

        using SafetensorsFile file = SafetensorsFile.Open(path);
        double[] Read(string name) => file.ReadDouble(name);
        float[] Narrow(string name) => CpuCalls.Narrow(Read(name));
        (int batch, int queries, int keys) = ((int)file.Tensors["q"].Shape[0], (int)file.Tensors["q"].Shape[1], (int)file.Tensors["k"].Shape[1]);
        TokenRows rows = TokenRows.Core(batch, queries, keys);
        Numbers.Close(Read("out"), Oracle(Read("q"), Read("k"), Read("v"), rows), Tolerances.Golden, "oracle");
        var o = new float[batch * queries * 8 * 16];
        var lse = new float[batch * queries * 8];
        var (dq, dk, dv) = (new float[Read("q").Length], new float[Read("k").Length], new float[Read("v").Length]);
        Paths.OnEach(simd =>
        {
            FusedAttention.Attend(
                s_geometry, Narrow("q"), HeadRows<float>.Dense(Narrow("k"), keys, 2, 8), HeadRows<float>.Dense(Narrow("v"), keys, 4, 16), default, rows, Scores.Identity, Masks.Band(BandMask.Unbounded, 0), o, lse);
            FusedAttentionGradient.Backward(
                s_geometry, Narrow("q"), Narrow("k"), Narrow("v"), default, o, lse, Narrow("g"), rows, Scores.Identity, Masks.Band(BandMask.Unbounded, 0), dq, dk, dv, default);
            Close($"{simd}, out", Read("out"), o, Tolerances.SingleCore(8, Read("v").Max(Math.Abs)));

            // A gradient sums over the visible pairs of a head's group: up to 10 queries of 4 heads.
            double slope = Tolerances.GradientFactor * Tolerances.SingleLayer(10 * 4, Read("grad.q").Concat(Read("grad.k")).Concat(Read("grad.v")).Max(Math.Abs));
            Close($"{simd}, grad.q", Read("grad.q"), dq, slope);
            Close($"{simd}, grad.k", Read("grad.k"), dk, slope);
            Close($"{simd}, grad.v", Read("grad.v"), dv, slope);
        });
    }

    private static double[] Oracle(double[] q, double[] k, double[] v, TokenRows rows)
    {
        var oracle = new NaiveOracle(1, 8, 2, 8) { OwnValueHeads = 4, Causal = true };
        double[][] Heads(double[] all, int heads, int width, int row, int head) =>
            [.. Enumerable.Range(0, rows.Keys).Select(j => all.AsSpan(((((row * rows.Keys) + j) * heads) + head) * width, width).ToArray())];
        return
        [
            .. from row in Enumerable.Range(0, rows.Batch)
               from t in Enumerable.Range(0, rows.Tokens)
               from h in Enumerable.Range(0, 8)
               from number in oracle.Attend(
                   q.AsSpan(((((row * rows.Tokens) + t) * 8) + h) * 8, 8).ToArray(),
                   Heads(k, 2, 8, row, oracle.KeyHead(h)),
                   Heads(v, 4, 16, row, oracle.ValueHead(h)),
                   h,
                   rows.Past(row) + t,
                   null).Output
               select number,
        ];
    }

    private void Close(string what, double[] expected, float[] actual, double limit)
    {
        double worst = expected.Zip(actual, (e, a) => Math.Abs(e - a)).Max();
        output.WriteLine(FormattableString.Invariant($"{what}: {worst:E1}, limit {limit:E1}"));
        Assert.True(worst <= limit, FormattableString.Invariant($"{what}: {worst:E1}, limit {limit:E1}"));
    }
}
