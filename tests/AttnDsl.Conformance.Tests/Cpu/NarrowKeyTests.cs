using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>Narrow keys without anything behind their widening: up to 16 tokens a call the query is folded, beyond that the keys are widened, and both say the same.</summary>
[Collection(CpuTests.Name)]
public sealed class NarrowKeyTests(ITestOutputHelper output)
{
    private const int Tokens = 50;

    [Theory]
    [InlineData(nameof(NarrowFolded))]
    [InlineData(nameof(NarrowPaged))]
    public void Folded_and_widened_agree(string name)
    {
        TestLayer layer = Layer(name);
        CpuCase cpu = CpuCase.Of(typeof(NarrowFolded).Assembly.GetType(typeof(NarrowFolded).Namespace + "." + name, throwOnError: true)!);
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = cpu.Weights(seed: 960);
        float[] x = CpuCalls.Random(961, 2 * Tokens * layer.Oracle.Dim);
        double[] expected = layer.Oracle.Forward(wide, CpuCalls.Wide(x), Block.Uniform(2, Tokens));
        float[] plain = cpu.Single.Forward(narrow, x, TokenRows.Uniform(2, Tokens));
        double limit = Tolerances.SameMaths * Math.Max(1, expected.Max(Math.Abs));
        Numbers.Close(expected, cpu.Reference.Forward(wide, CpuCalls.Wide(x), TokenRows.Uniform(2, Tokens)), limit, name);
        foreach (int chunk in new[] { 1, 5, 16, 17, Tokens })
        {
            Numbers.Close(expected, Chunked.Run(cpu.Reference, wide, CpuCalls.Wide(x), 2, chunk), limit, FormattableString.Invariant($"{name}, chunks of {chunk}"));
        }

        Paths.OnEach(path =>
        {
            foreach (int[] chunks in new int[][] { [1], [5], [16], [17], [Tokens], [20, 1, 3, 9, 1] })
            {
                float[] y = cpu.InChunks(narrow, x, 2, cpu.Cpu.CreateCache(2), chunks);
                SingleRule.Check(FormattableString.Invariant($"{name}, {path}, chunks of {string.Join(", ", chunks)}"), expected, plain, y, report: output.WriteLine);
            }
        });
    }

    /// <summary>4 heads of 8 channels, 2 narrow key heads of 3 and 4 value heads, a window of 19: folded, nothing is paid per cached token but scores and values; decoding reads what the window shows.</summary>
    [Fact]
    public void Costs_are_those_of_the_way_that_is_taken()
    {
        const long Matrices = (20 * 32) + (20 * 6) + (20 * 32) + (32 * 20);
        Assert.Equal((2 * (Matrices + (4 * 8 * 3))) + (2 * 4 * (3 + 8) * 19), NarrowFolded.Spec.DecodeFlops(500));
        Assert.Equal((4 * NarrowFolded.Spec.ParameterCount) + (4 * 19 * (6 + 32)), NarrowFolded.Spec.DecodeBytes(500));
        Assert.Equal((2 * 30 * (Matrices + (2 * 8 * 3))) + (2 * 4 * (8 + 8) * ((19 * 20 / 2) + (11 * 19))), NarrowFolded.Spec.PrefillFlops(30));
    }

    /// <summary>Keys that are rotated when they are read are made again of all that is kept, whatever the window shows; the values are those of the window.</summary>
    [Fact]
    public void Keys_that_are_made_again_are_read_from_the_whole_cache()
    {
        Assert.Equal((4 * NarrowWindow.Spec.ParameterCount) + (4 * 500 * 4 * 4) + (4 * 5 * 4 * 8), NarrowWindow.Spec.DecodeBytes(500));
        Assert.Equal((4 * NarrowWindow.Spec.ParameterCount) + (4 * 3 * 4 * 4) + (4 * 3 * 4 * 8), NarrowWindow.Spec.DecodeBytes(3));
    }

    /// <summary>8 query heads share 4 value heads: at most 2 · 5 rows of each are read.</summary>
    [Fact]
    public void Selected_values_are_read_as_often_as_heads_choose()
    {
        Assert.Equal((4 * DiffSelective.Spec.ParameterCount) + (4 * 500 * 2 * 8) + (4 * 10 * 4 * 8), DiffSelective.Spec.DecodeBytes(500));
        Assert.Equal((4 * DiffSelective.Spec.ParameterCount) + (4 * 7 * 2 * 8) + (4 * 7 * 4 * 8), DiffSelective.Spec.DecodeBytes(7));
        const long Matrices = 40 * ((8 * 8) + (2 * 8) + (4 * 8) + (8 * 8));
        Assert.Equal((2 * Matrices) + (2 * 8 * 8 * 500) + (2 * 8 * 8 * 5), DiffSelective.Spec.DecodeFlops(500));
        Assert.Equal((2 * 24 * Matrices) + (2 * 8 * 8 * (24 * 25 / 2)) + (2 * 8 * 8 * (15 + (19 * 5))), DiffSelective.Spec.PrefillFlops(24));
    }

    private static TestLayer Layer(string name) => name == nameof(NarrowFolded)
        ? TestLayer.Cached<NarrowFolded.Reference, NarrowFolded.Weights<double>, NarrowFolded.ReferenceSingle, NarrowFolded.Weights<float>>(
            new(20, 4, 2, 8) { OwnValueHeads = 4, NarrowKeys = 3, Alibi = true, Cap = 6, Causal = true, Left = 18, Sink = true })
        : TestLayer.Cached<NarrowPaged.Reference, NarrowPaged.Weights<double>, NarrowPaged.ReferenceSingle, NarrowPaged.Weights<float>>(new(24, 2, 2, 64) { NarrowKeys = 32, Causal = true });
}
