using System.Linq;
using AttnDsl.Conformance.Tests.Layers;

namespace AttnDsl.Conformance.Tests.Identities;

/// <summary>Generated layers against attention written by hand.</summary>
public sealed class OracleTests
{
    [Theory]
    [MemberData(nameof(CoveringCases.Names), MemberType = typeof(CoveringCases))]
    public void Layers_equal_the_oracle_at_every_length(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 11);
        foreach (int tokens in new[] { 1, 2, 7, 17 })
        {
            double[] x = Numbers.Random(tokens, 2 * tokens * layer.Oracle.Dim);
            double[] expected = layer.Oracle.Forward(weights, x, Block.Uniform(2, tokens));
            Numbers.Close(expected, layer.Reference.Forward(weights, x, TokenRows.Uniform(2, tokens)), Tolerances.SameMaths, $"{name}, {tokens} tokens");
        }
    }

    [Theory]
    [MemberData(nameof(CoveringCases.RaggedNames), MemberType = typeof(CoveringCases))]
    public void Ragged_rows_equal_the_oracle(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 12);
        foreach (Block block in RaggedBlocks.All)
        {
            double[] x = Numbers.Random(13, block.Batch * block.Tokens * layer.Oracle.Dim);
            Numbers.Close(layer.Oracle.Forward(weights, x, block), layer.Reference.Forward(weights, x, block.Rows), Tolerances.SameMaths, name);
        }
    }

    [Theory]
    [MemberData(nameof(CoveringCases.CachedNames), MemberType = typeof(CoveringCases))]
    public void Layers_over_a_cache_equal_the_oracle(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        const int Tokens = 17;
        AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 14);
        double[] x = Numbers.Random(15, 2 * Tokens * layer.Oracle.Dim);
        double[] expected = layer.Oracle.Forward(weights, x, Block.Uniform(2, Tokens));
        foreach (int chunk in new[] { 1, 2, 5, Tokens })
        {
            Numbers.Close(expected, Chunked.Run(layer.Reference, weights, x, 2, chunk), Tolerances.SameMaths, $"{name}, chunks of {chunk}");
        }
    }

    [Theory]
    [MemberData(nameof(CoveringCases.CachedNames), MemberType = typeof(CoveringCases))]
    public void The_cache_holds_keys_as_the_scores_read_them_and_values(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 16);
        double[] x = Numbers.Random(17, 6 * layer.Oracle.Dim);
        ReferenceCache<double> cache = layer.Reference.CreateCache(1);
        layer.Reference.Prefill(weights, x, cache, TokenRows.Uniform(1, 6));
        (double[][][] keys, double[][][] values) = layer.Oracle.Cached(weights, [.. x.Chunk(layer.Oracle.Dim)]);
        Numbers.Close([.. keys.SelectMany(token => token.SelectMany(head => head))], cache.Read(0), Tolerances.SameMaths, "keys");
        Numbers.Close([.. values.SelectMany(token => token.SelectMany(head => head))], cache.Read(1), Tolerances.SameMaths, "values");
    }

    [Theory]
    [MemberData(nameof(CoveringCases.Names), MemberType = typeof(CoveringCases))]
    public void Cores_equal_the_oracle_for_fewer_as_many_and_more_queries_than_keys(string name)
    {
        TestLayer layer = CoveringCases.Of(name);
        AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 18);
        foreach ((int queries, int keys) in new[] { (1, 1), (1, 9), (3, 5), (5, 3), (7, 7), (2, 17), (17, 2) })
        {
            CoreCase core = CoreCase.Random(layer, 2, queries, keys, seed: 19);
            CoreResult<double> actual = layer.Reference.Core(weights, core.Query, core.Key, core.Value, core.Rows);
            (double[] output, double[] lse) = core.Expected(weights);
            Numbers.Close(output, actual.Output, Tolerances.SameMaths, $"{name}, {queries} queries over {keys} keys");
            Numbers.Close(lse, actual.Lse, Tolerances.SameMaths, $"{name}, lse of {queries} queries over {keys} keys");
        }
    }
}
