using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;

namespace AttnDsl.Conformance.Tests.Identities;

/// <summary>Rows that grow by unequal numbers of tokens: at the end each equals its own sequence in one piece.</summary>
public sealed class RaggedCacheTests
{
    private const int Rows = 3;

    public static TheoryData<string> Layers => [.. CoveringCases.All.Where(layer => layer.Reference.IsCached && layer.Reference.Shape.Segments).Select(layer => layer.Name)];

    [Theory]
    [MemberData(nameof(Layers))]
    public void Rows_that_grow_unevenly_equal_whole_rows(string name)
    {
        // The third block goes on with each row's last segment; the fourth is one token a row.
        Block[] blocks =
        [
            new(3, [3, 0, 2]),
            new(4, [1, 4, 0]),
            new(2, [0, 2, 2]),
            Block.Uniform(Rows, 1),
        ];
        Run(CoveringCases.Of(name), blocks, segments: null);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void Later_tokens_go_on_with_the_segment_of_their_row(string name)
    {
        Block[] blocks =
        [
            new(3, [3, 1, 2], Segments: [5, 6, 6, /**/ 8, 0, 0, /**/ 5, 5, 0]),
            new(2, [1, 2, 0]),
            new(2, [2, 0, 1], Segments: [6, 9, /**/ 0, 0, /**/ 5, 0]),
            Block.Uniform(Rows, 1),
        ];
        Run(CoveringCases.Of(name), blocks, segments: [[5, 6, 6, 6, 6, 9, 9], [8, 8, 8, 8], [5, 5, 5, 5]]);
    }

    private static void Run(TestLayer layer, Block[] blocks, int[][]? segments)
    {
        int dim = layer.Oracle.Dim;
        AttentionWeights<double> weights = Numbers.RandomWeights(layer.Reference, seed: 21);
        ReferenceCache<double> cache = layer.Reference.CreateCache(Rows);
        List<double>[] inputs = [[], [], []];
        List<double>[] outputs = [[], [], []];
        foreach ((Block block, int index) in blocks.Select((block, index) => (block, index)))
        {
            double[] x = Numbers.Random(22 + index, Rows * block.Tokens * dim);
            double[] y = block.Tokens == 1 ? layer.Reference.Decode(weights, x, cache) : layer.Reference.Prefill(weights, x, cache, block.Rows);
            for (int row = 0; row < Rows; row++)
            {
                inputs[row].AddRange(x.AsSpan(row * block.Tokens * dim, block.Lengths[row] * dim));
                outputs[row].AddRange(y.AsSpan(row * block.Tokens * dim, block.Lengths[row] * dim));
                Assert.All(y[(((row * block.Tokens) + block.Lengths[row]) * dim)..((row + 1) * block.Tokens * dim)], padding => Assert.Equal(0, padding));
            }
        }

        for (int row = 0; row < Rows; row++)
        {
            int length = inputs[row].Count / dim;
            Assert.Equal(length, cache.Length(row));
            double[] expected = layer.Oracle.Forward(weights, [.. inputs[row]], new Block(length, [length], Segments: segments?[row]));
            Numbers.Close(expected, outputs[row], Tolerances.SameMaths, $"{layer.Name}, row {row}");
        }
    }
}
