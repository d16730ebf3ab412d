using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>
/// Layers that select values, by the rule of single precision. A choice may hang on a rounding, and then either result is right; so every case first shows, by the oracle, that the last score that counts is above the
/// first that does not by far more than float32 rounds.
/// </summary>
[Collection(CpuTests.Name)]
public sealed class SelectedTests(ITestOutputHelper output)
{
    /// <summary>Scores are up to 20 here and rounded by some 1e-6 of that.</summary>
    private const double Margin = 5e-5;

    [Theory]
    [MemberData(nameof(SelectedCases.Names), MemberType = typeof(SelectedCases))]
    public void The_reference_is_the_oracles_and_the_kernels_keep_the_rule(string name)
    {
        TestLayer layer = SelectedCases.Of(name);
        CpuCase cpu = Case(name);
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = cpu.Weights(seed: 900);
        foreach ((int batch, int tokens) in new[] { (2, 7), (1, 40), (1, 70) })
        {
            TokenRows rows = TokenRows.Uniform(batch, tokens);
            (float[] x, double[] oracle) = Inputs(layer, wide, batch, tokens);
            double[] expected = cpu.Reference.Forward(wide, CpuCalls.Wide(x), rows);
            Numbers.Close(oracle, expected, Tolerances.SameMaths * Math.Max(1, oracle.Max(Math.Abs)), name);
            float[] plain = cpu.Single.Forward(narrow, x, rows);
            Paths.OnEach(path => SingleRule.Check($"{name}, {batch} x {tokens}, {path}", expected, plain, cpu.Forward(narrow, x, rows), report: output.WriteLine));
        }
    }

    [Theory]
    [MemberData(nameof(SelectedCases.Exact), MemberType = typeof(SelectedCases))]
    public void At_once_in_chunks_and_token_by_token_the_output_is_the_same(string name)
    {
        TestLayer layer = SelectedCases.Of(name);
        CpuCase cpu = Case(name);
        const int Tokens = 43;
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = cpu.Weights(seed: 901);
        (float[] x, double[] expected) = Inputs(layer, wide, 2, Tokens);
        float[] plain = cpu.Single.Forward(narrow, x, TokenRows.Uniform(2, Tokens));
        foreach (int chunk in new[] { Tokens, 1, 3, 7 })
        {
            Numbers.Close(expected, Chunked.Run(cpu.Reference, wide, CpuCalls.Wide(x), 2, chunk), Tolerances.SameMaths * Math.Max(1, expected.Max(Math.Abs)), FormattableString.Invariant($"{name}, chunks of {chunk}"));
        }

        Paths.OnEach(path =>
        {
            foreach (int[] chunks in new int[][] { [Tokens], [1], [3], [7], [11], [23, 2, 1, 6, 1] })
            {
                float[] y = cpu.InChunks(narrow, x, 2, cpu.Cpu.CreateCache(2), chunks);
                SingleRule.Check(FormattableString.Invariant($"{name}, {path}, chunks of {string.Join(", ", chunks)}"), expected, plain, y, report: output.WriteLine);
            }
        });
    }

    /// <summary>A ring shows a step what it has: the reference's cache and the kernels' choose among the same tokens.</summary>
    [Fact]
    public void A_ring_is_selected_from()
    {
        CpuCase cpu = Case(nameof(SelectedRing));
        const int Tokens = 40;
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = cpu.Weights(seed: 902);
        float[] x = CpuCalls.Random(903, 2 * Tokens * cpu.Cpu.Shape.Dim);
        foreach (int chunk in new[] { 1, 4 })
        {
            double[] expected = Chunked.Run(cpu.Reference, wide, CpuCalls.Wide(x), 2, chunk);
            float[] plain = Chunked.Run(cpu.Single, narrow, x, 2, chunk);
            Paths.OnEach(path => SingleRule.Check(FormattableString.Invariant($"{path}, chunks of {chunk}"), expected, plain, cpu.InChunks(narrow, x, 2, cpu.Cpu.CreateCache(2), chunk), report: output.WriteLine));
        }
    }

    /// <summary>Codes and bfloat16 move scores, and with them choices: what a step gives over them is what the core gives over what the cache says it holds.</summary>
    [Fact]
    public void Codes_are_selected_from()
    {
        CpuCase cpu = Case(nameof(SelectedCodes));
        const int Tokens = 61;
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = cpu.Weights(seed: 904);
        float[] x = CpuCalls.Random(905, Tokens * cpu.Cpu.Shape.Dim);
        Paths.OnEach(path =>
        {
            KvCache cache = cpu.Cpu.CreateCache(1);
            float[] y = cpu.InChunks(narrow, x, 1, cache, 1);
            double[] exact = cpu.Reference.Forward(wide, CpuCalls.Wide(x), TokenRows.Uniform(1, Tokens));
            double[] errors = [.. y.Zip(exact, (a, b) => Math.Abs(a - b)).Chunk(cpu.Cpu.Shape.Dim).Select(token => token.Max())];
            double largest = exact.Max(Math.Abs);

            // Near choices go the other way in some rows; the others are as near as codes are.
            Assert.True(errors.Count(error => error <= largest / 32) > Tokens * 3 / 4, FormattableString.Invariant($"{path}: {string.Join(", ", errors.Select(e => (e / largest).ToString("G2", System.Globalization.CultureInfo.InvariantCulture)))}"));
        });
    }

    [Fact]
    public void Rows_of_unequal_length_and_segments()
    {
        CpuCase layer = Case(nameof(SelectedEverything));
        int[] lengths = [33, 0, 17];
        int[] segments = [.. Enumerable.Range(0, 3 * 33).Select(i => i % 33 / 7 % 3)];
        int[] positions = [.. Enumerable.Range(0, 3 * 33).Select(i => (i % 33 % 7) + (5 * (i / 33)))];
        LayerCheck.Block(layer, new Block(33, lengths), seed: 910, output.WriteLine);
        LayerCheck.Block(layer, new Block(33, lengths, positions, segments), seed: 911, output.WriteLine);
    }

    [Fact]
    public void The_core_alone_over_more_keys_than_queries()
    {
        foreach (string name in SelectedCases.All.Select(layer => layer.Name))
        {
            LayerCheck.Core(Case(name), 2, 12, 29, seed: 920, report: output.WriteLine);
            LayerCheck.Core(Case(name), 1, 1, 400, seed: 921, report: output.WriteLine);
        }
    }

    [Theory]
    [MemberData(nameof(SelectedCases.Names), MemberType = typeof(SelectedCases))]
    public void A_gradient_is_refused_with_the_reason(string name)
    {
        CpuCase cpu = Case(name);
        LayerShape shape = cpu.Cpu.Shape;
        string message = "the layer has no gradient: " + shape.NoGradient;
        Assert.Contains("largest count", message, StringComparison.Ordinal);
        Assert.Equal(shape.NoGradient, cpu.Reference.Shape.NoGradient);
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = cpu.Weights(seed: 930);
        TokenRows rows = TokenRows.Uniform(1, 3);
        float[] x = new float[3 * shape.Dim];
        float[] q = new float[3 * shape.QueryHeads * shape.KeyWidth];
        float[] k = new float[3 * shape.KeyHeads * shape.KeyWidth];
        float[] v = new float[3 * shape.ValueHeads * shape.ValueWidth];
        float[] g = new float[3 * shape.ScoreHeads * shape.ValueWidth];
        foreach (Action call in new Action[]
        {
            () => cpu.Reference.Backward(wide, CpuCalls.Wide(x), CpuCalls.Wide(x), cpu.Reference.Zeros(), rows),
            () => cpu.Reference.CoreBackward(wide, CpuCalls.Wide(q), CpuCalls.Wide(k), CpuCalls.Wide(v), CpuCalls.Wide(g), cpu.Reference.Zeros(), TokenRows.Core(1, 3, 3, shape.Causal ?? CausalAlign.BottomRight)),
            () => cpu.Single.Backward(narrow, x, x, cpu.Single.Zeros(), rows),
            () => cpu.Cpu.Backward(narrow, x, x, new float[x.Length], cpu.Single.Zeros(), rows),
            () => cpu.Cpu.CoreBackward(narrow, q, k, v, g, new float[q.Length], new float[k.Length], new float[v.Length], cpu.Single.Zeros(), rows),
        })
        {
            Assert.Equal(message, Assert.Throws<NotSupportedException>(call).Message);
        }
    }

    /// <summary>A top that nobody exceeds leaves the layer as it is without.</summary>
    [Fact]
    public void Where_all_keys_are_kept_nothing_changes()
    {
        CpuCase some = Case(nameof(SelectedPaged));
        (AttentionWeights<double> wide, _) = some.Weights(seed: 940);
        TestLayer layer = SelectedCases.Of(nameof(SelectedPaged));
        double[] x = Numbers.Random(941, 5 * layer.Oracle.Dim);
        Numbers.Close(
            (layer.Oracle with { Keep = null }).Forward(wide, x, Block.Uniform(1, 5)), some.Reference.Forward(wide, x, TokenRows.Uniform(1, 5)), Tolerances.SameMaths * 10, "all");
    }

    private static CpuCase Case(string name) => CpuCase.Of(typeof(SelectedEverything).Assembly.GetType(typeof(SelectedEverything).Namespace + "." + name, throwOnError: true)!);

    /// <summary>Inputs whose choices are clear, and the oracle's output.</summary>
    private (float[] X, double[] Expected) Inputs(TestLayer layer, AttentionWeights<double> weights, int batch, int tokens)
    {
        for (int seed = 0; seed < 20; seed++)
        {
            double gap = double.PositiveInfinity;
            float[] x = CpuCalls.Random(1000 + (17 * seed) + tokens, batch * tokens * layer.Oracle.Dim);
            double[] expected = (layer.Oracle with { Gaps = found => gap = Math.Min(gap, found) }).Forward(weights, CpuCalls.Wide(x), Block.Uniform(batch, tokens));
            if (gap > Margin)
            {
                output.WriteLine(FormattableString.Invariant($"{layer.Name}, {batch} x {tokens}: seed {seed}, least gap {gap:E1}"));
                return (x, expected);
            }
        }

        throw new InvalidOperationException($"{layer.Name}: no input of {tokens} tokens whose choices are clear");
    }
}
