using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>The recordings on every SIMD path, in this process.</summary>
[Collection(CpuTests.Name)]
public sealed class GoldenTests(ITestOutputHelper output)
{
    private readonly GoldenChecks _checks = new(output, Paths.OnEach);

    [Theory]
    [MemberData(nameof(GoldenCases.LayerFiles), MemberType = typeof(GoldenCases))]
    public void Outputs_and_gradients_keep_the_rule(string file) => _checks.Layer(file);

    [Theory]
    [MemberData(nameof(GoldenCases.CachedFiles), MemberType = typeof(GoldenCases))]
    public void At_once_in_chunks_and_token_by_token_the_output_keeps_the_rule(string file) => _checks.Cache(file);

    [Fact]
    public void The_recorded_core_keeps_the_rule() => _checks.Core();

    [Fact]
    public void The_recorded_cache_and_the_next_token_keep_the_rule() => _checks.Next();

    [Theory]
    [MemberData(nameof(GoldenCases.Files), MemberType = typeof(GoldenCases))]
    public void The_cores_of_the_recorded_stacks_keep_the_rule(string file)
    {
        CpuCase layer = GoldenChecks.CaseOf(file);
        foreach ((int batch, int queries, int keys) in new[] { (2, 12, 19), (1, 19, 12), (1, 1, 40), (1, 40, 40) })
        {
            LayerCheck.Core(layer, batch, queries, keys, seed: 300 + queries, report: output.WriteLine);
        }
    }

    /// <summary>The hand-written oracle sees no generated code at all.</summary>
    [Fact]
    public void The_reference_of_these_tests_is_the_oracles()
    {
        foreach ((string file, TestLayer layer) in GoldenCases.Layers)
        {
            (AttentionWeights<double> wide, _) = GoldenChecks.CaseOf(file).Weights(seed: 310);
            double[] x = Numbers.Random(311, 2 * 9 * layer.Oracle.Dim);
            double[] expected = layer.Oracle.Forward(wide, x, Block.Uniform(2, 9));
            double largest = Math.Max(1, expected.Max(Math.Abs));
            Numbers.Close(expected, GoldenChecks.CaseOf(file).Reference.Forward(wide, x, TokenRows.Uniform(2, 9)), Tolerances.SameMaths * largest, file);
        }
    }
}
