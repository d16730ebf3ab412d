using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using AttnDsl.Conformance.Tests.Layers;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>Layers over their caches: however the tokens come, each row's output is that of its whole sequence.</summary>
[Collection(CpuTests.Name)]
public sealed class CacheTests
{
    private const int Rows = 3;

    public static TheoryData<string> Covering => CoveringCases.CachedNames;

    public static TheoryData<Type> Ragged => [typeof(CausalRagged), typeof(WindowRagged), typeof(LatentEverything), typeof(GroupedLatentsEverything), typeof(GroupedLatentsBiased), typeof(TiedEverything)];

    /// <summary>71 tokens: a window of 21 has long left its first keys behind.</summary>
    [Theory]
    [InlineData(typeof(CausalRagged))]
    [InlineData(typeof(WindowRagged))]
    [InlineData(typeof(Tiled))]
    [InlineData(typeof(Width31))]
    [InlineData(typeof(GqaQwen3))]
    [InlineData(typeof(LatentEverything))]
    [InlineData(typeof(LatentNope))]
    [InlineData(typeof(LatentNormed))]
    [InlineData(typeof(LowRankGrouped))]
    [InlineData(typeof(MlaLowRankAbsorbed))]
    [InlineData(typeof(GroupedLatentsEverything))]
    [InlineData(typeof(GroupedLatentsNope))]
    [InlineData(typeof(GroupedLatentsAbsorbed))]
    [InlineData(typeof(GroupedLatentsExpanded))]
    [InlineData(typeof(OneGroup))]
    [InlineData(typeof(TiedPaged))]
    public void Random_chunks_equal_the_whole(Type annotated) => Chunks(CpuCase.Of(annotated), tokens: 71, seed: 600);

    [Theory]
    [MemberData(nameof(Covering))]
    public void Random_chunks_of_stacks_that_cover_the_vocabulary(string name) =>
        Chunks(CpuCase.Of(typeof(Plain).Assembly.GetType($"{typeof(Plain).Namespace}.{name}", throwOnError: true)!), tokens: 25, seed: 610);

    [Theory]
    [MemberData(nameof(Ragged))]
    public void Rows_that_grow_unevenly_equal_whole_rows(Type annotated) => Grow(
        CpuCase.Of(annotated),
        [new(13, [13, 0, 9]), new(4, [1, 4, 0]), Block.Uniform(Rows, 1), new(2, [0, 2, 2]), Block.Uniform(Rows, 1), new(17, [17, 1, 12]), Block.Uniform(Rows, 1)],
        segments: null);

    [Theory]
    [MemberData(nameof(Ragged))]
    public void Later_tokens_go_on_with_the_segment_of_their_row(Type annotated) => Grow(
        CpuCase.Of(annotated),
        [
            new(3, [3, 1, 2], Segments: [5, 6, 6, /**/ 8, 0, 0, /**/ 5, 5, 0]),
            new(2, [1, 2, 0]),
            new(2, [2, 0, 1], Segments: [6, 9, /**/ 0, 0, /**/ 5, 0]),
            Block.Uniform(Rows, 1),
            new(11, [11, 10, 0]),
            Block.Uniform(Rows, 1),
        ],
        segments: [[5, 6, 6, 6, 6, 9, .. Enumerable.Repeat(9, 13)], [.. Enumerable.Repeat(8, 15)], [.. Enumerable.Repeat(5, 5)]]);

    /// <summary>What the cache rounds is what it stores, once; attention then sees exactly that. With identity weights around it the layer is its core.</summary>
    [Theory]
    [InlineData(typeof(Halved), typeof(Unhalved))]
    [InlineData(typeof(HalvedWide), typeof(UnhalvedWide))]
    [InlineData(typeof(HalvedKeys), typeof(Unhalved))]
    [InlineData(typeof(HalvedWideKeys), typeof(UnhalvedWide))]
    [InlineData(typeof(HalvedWideValues), typeof(UnhalvedWide))]
    public void A_bfloat16_cache_loses_what_its_storage_loses_and_no_more(Type annotated, Type exact)
    {
        (CpuCase layer, CpuCase twin) = (CpuCase.Of(annotated), CpuCase.Of(exact));
        LayerShape shape = layer.Cpu.Shape;
        const int Tokens = 37;
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = layer.Weights(seed: 620);
        Identity(wide["q_proj.weight"].Data, shape.Dim);
        Identity(wide["o_proj.weight"].Data, shape.Dim);
        wide.CopyTo(narrow);
        AttentionWeights<float> twinWeights = twin.Single.Zeros();
        foreach (WeightTensor<float> tensor in narrow.Tensors)
        {
            tensor.Data.CopyTo(twinWeights[tensor.Name].Data, 0);
        }

        float[] x = CpuCalls.Random(621, 2 * Tokens * shape.Dim);
        Paths.OnEach(path =>
        {
            KvCache cache = layer.Cpu.CreateCache(2);
            KvCache unrounded = twin.Cpu.CreateCache(2);
            float[] y = layer.InChunks(narrow, x, 2, cache, 9, 1, 1, 12, 1, 3, 1);
            float[] y32 = twin.InChunks(twinWeights, x, 2, unrounded, 9, 1, 1, 12, 1, 3, 1);
            int halved = 0;
            for (int stream = 0; stream < 2; stream++)
            {
                bool rounds = (cache.Streams[stream].Element ?? cache.Element) == CacheElement.BFloat16;
                Assert.Equal(unrounded.Read(stream).Select(number => rounds ? ToBFloat16(number) : number), cache.Read(stream));
                halved += rounds ? 1 : 0;
            }

            TokenRows rows = TokenRows.Core(2, Tokens, Tokens);
            (float[] k, float[] v) = (cache.Read(0), cache.Read(1));
            SingleRule.Check(
                $"{layer.Name}, {path}", layer.Reference.Core(wide, CpuCalls.Wide(x), CpuCalls.Wide(k), CpuCalls.Wide(v), rows).Output, layer.Single.Core(narrow, x, k, v, rows).Output, y);

            // Against the layer that rounds nothing: 2^-8 of the largest value, and as much of a score of a few units on every weight.
            double lost = Numbers.Difference(CpuCalls.Wide(y32), CpuCalls.Wide(y));
            Assert.InRange(lost, 1e-5, 8.0 / 256 * v.Max(MathF.Abs));
            long scalars = cache.Pages is { } pages ? pages.Total * 5 * cache.ScalarsPerToken : unrounded.Bytes / 4;
            Assert.Equal((4 - halved) * scalars, cache.Bytes);
            Assert.InRange(halved, 1, 2);
        });
    }

    [Fact]
    public void A_full_cache_of_fixed_capacity_refuses_and_stays_as_it_was()
    {
        CpuCase layer = CpuCase.Of(typeof(CausalRagged));
        int dim = layer.Cpu.Shape.Dim;
        (_, AttentionWeights<float> weights) = layer.Weights(seed: 630);
        KvCache cache = layer.Cpu.CreateCache(2, capacity: 12);
        KvCache growing = layer.Cpu.CreateCache(2);
        float[] x = CpuCalls.Random(631, 2 * 13 * dim);
        TokenRows block = TokenRows.Ragged([11, 4], 11);
        float[] first = CpuCalls.Slice(x, 2, 0, 11 * dim);
        Assert.Equal(layer.Prefill(weights, first, growing, block), layer.Prefill(weights, first, cache, block));
        Refused("block: row 0 holds 11 tokens of a capacity of 12 and takes 1 more, got 2", 2, y => layer.Cpu.Prefill(weights, CpuCalls.Slice(x, 2, 0, 2 * dim), y, cache, TokenRows.Uniform(2, 2)));

        // The row that has no room need not be the first, and a row may be full while the others go on.
        layer.Prefill(weights, CpuCalls.Slice(x, 2, 0, 8 * dim), cache, TokenRows.Ragged([0, 8], 8));
        Assert.Equal(12, cache.Length(1));
        Refused("row 1 holds 12 tokens of a capacity of 12 and takes 0 more, got 1", 1, y => layer.Cpu.Decode(weights, CpuCalls.Slice(x, 2, 0, dim), y, cache));
        layer.Prefill(weights, CpuCalls.Slice(x, 2, 0, dim), cache, TokenRows.Ragged([1, 0], 1));
        Assert.Equal(12, cache.Length(0));
        Assert.Equal(12, cache.Capacity);

        void Refused(string message, int tokens, Action<float[]> call)
        {
            (int[] lengths, float[] k, float[] v) = ([cache.Length(0), cache.Length(1)], cache.Read(0), cache.Read(1));
            float[] y = CpuCalls.Nans(2 * tokens * dim);
            ArgumentException refusal = Assert.ThrowsAny<ArgumentException>(() => call(y));
            Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
            Assert.All(y, number => Assert.True(float.IsNaN(number)));
            Assert.Equal(lengths, new[] { cache.Length(0), cache.Length(1) });
            Assert.Equal(k, cache.Read(0));
            Assert.Equal(v, cache.Read(1));
        }
    }

    [Theory]
    [InlineData(typeof(CausalRagged))]
    [InlineData(typeof(WindowRagged))]
    [InlineData(typeof(Tiled))]
    public void A_cancelled_call_leaves_the_cache_as_it_was(Type annotated)
    {
        CpuCase layer = CpuCase.Of(annotated);
        int dim = layer.Cpu.Shape.Dim;
        (_, AttentionWeights<float> weights) = layer.Weights(seed: 640);
        using var source = new CancellationTokenSource();
        source.Cancel();
        float[] x = CpuCalls.Random(641, 2 * 20 * dim);
        float[] token = CpuCalls.Random(642, 2 * dim);
        KvCache cache = layer.Cpu.CreateCache(2);
        KvCache untouched = layer.Cpu.CreateCache(2);
        layer.Prefill(weights, x, cache, TokenRows.Uniform(2, 20));
        layer.Prefill(weights, x, untouched, TokenRows.Uniform(2, 20));
        float[] y = new float[x.Length];
        Assert.Throws<OperationCanceledException>(() => layer.Cpu.Prefill(weights, x, y, cache, TokenRows.Uniform(2, 20), 0, source.Token));
        Assert.Throws<OperationCanceledException>(() => layer.Cpu.Decode(weights, token, y.AsSpan(0, 2 * dim), cache, 0, source.Token));
        Assert.Equal([20, 20], new[] { cache.Length(0), cache.Length(1) });
        Assert.Equal(untouched.Read(0), cache.Read(0));
        Assert.Equal(untouched.Read(1), cache.Read(1));
        Assert.Equal(layer.Decode(weights, token, untouched), layer.Decode(weights, token, cache));

        Assert.Throws<OperationCanceledException>(() => layer.Cpu.Forward(weights, x, y, TokenRows.Uniform(2, 20), 0, source.Token));
        Assert.Throws<OperationCanceledException>(() => layer.Cpu.Backward(weights, x, x, y, layer.Single.Zeros(), TokenRows.Uniform(2, 20), 0, source.Token));
    }

    [Fact]
    public void What_was_truncated_is_forgotten()
    {
        CpuCase layer = CpuCase.Of(typeof(WindowRagged));
        int dim = layer.Cpu.Shape.Dim;
        (_, AttentionWeights<float> weights) = layer.Weights(seed: 650);
        float[] x = CpuCalls.Random(651, 40 * dim);
        KvCache straight = layer.Cpu.CreateCache(1);
        KvCache truncated = layer.Cpu.CreateCache(1);
        layer.Prefill(weights, x[..(25 * dim)], straight, TokenRows.Uniform(1, 25));
        layer.Prefill(weights, x, truncated, TokenRows.Uniform(1, 40));
        truncated.Truncate(0, 25);
        Assert.Equal(layer.Decode(weights, x[..dim], straight), layer.Decode(weights, x[..dim], truncated));
        truncated.Reset();
        Assert.Equal(layer.Prefill(weights, x, layer.Cpu.CreateCache(1), TokenRows.Uniform(1, 40)), layer.Prefill(weights, x, truncated, TokenRows.Uniform(1, 40)));
    }

    private static void Chunks(CpuCase layer, int tokens, int seed)
    {
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = layer.Weights(seed);
        float[] x = CpuCalls.Random(seed + 1, 2 * tokens * layer.Cpu.Shape.Dim);
        double[] expected = layer.Reference.Forward(wide, CpuCalls.Wide(x), TokenRows.Uniform(2, tokens));
        float[] plain = layer.Single.Forward(narrow, x, TokenRows.Uniform(2, tokens));
        var random = new Random(seed);
        Paths.OnEach(path =>
        {
            for (int attempt = 0; attempt < 3; attempt++)
            {
                int[] chunks = [.. Enumerable.Range(0, tokens).Select(_ => random.Next(4) == 0 ? random.Next(1, 25) : random.Next(1, 4))];
                SingleRule.Check($"{layer.Name}, {path}, chunks of {string.Join(' ', chunks)}", expected, plain, layer.InChunks(narrow, x, 2, layer.Cpu.CreateCache(2), chunks));
            }

            SingleRule.Check($"{layer.Name}, {path}, token by token", expected, plain, layer.InChunks(narrow, x, 2, layer.Cpu.CreateCache(2, tokens), 1));
        });
    }

    private static void Grow(CpuCase layer, Block[] blocks, int[][]? segments)
    {
        int dim = layer.Cpu.Shape.Dim;
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = layer.Weights(seed: 660);
        Paths.OnEach(path =>
        {
            KvCache cache = layer.Cpu.CreateCache(Rows);
            List<float>[] inputs = [[], [], []];
            List<float>[] outputs = [[], [], []];
            foreach ((Block block, int index) in blocks.Select((block, index) => (block, index)))
            {
                float[] x = [.. CpuCalls.Random(661 + index, Rows * block.Tokens * dim).Select((number, i) => block.IsReal(i / dim) ? number : float.NaN)];
                float[] y = block.Tokens == 1 ? layer.Decode(narrow, x, cache) : layer.Prefill(narrow, x, cache, block.Rows);
                for (int row = 0; row < Rows; row++)
                {
                    int real = block.Lengths[row] * dim;
                    inputs[row].AddRange(x.AsSpan(row * block.Tokens * dim, real));
                    outputs[row].AddRange(y.AsSpan(row * block.Tokens * dim, real));
                    Assert.All(y[((row * block.Tokens * dim) + real)..((row + 1) * block.Tokens * dim)], padding => Assert.Equal(0, padding));
                }
            }

            for (int row = 0; row < Rows; row++)
            {
                int length = inputs[row].Count / dim;
                Assert.Equal(length, cache.Length(row));
                TokenRows whole = new Block(length, [length], Segments: segments?[row]).Rows;
                float[] x = [.. inputs[row]];
                SingleRule.Check($"{layer.Name}, {path}, row {row}", layer.Reference.Forward(wide, CpuCalls.Wide(x), whole), layer.Single.Forward(narrow, x, whole), outputs[row]);
            }
        });
    }

    private static void Identity(double[] matrix, int size)
    {
        Array.Clear(matrix);
        for (int i = 0; i < size; i++)
        {
            matrix[(i * size) + i] = 1;
        }
    }

    /// <summary>To the nearest with 8 significant bits, ties to even.</summary>
    private static float ToBFloat16(float number)
    {
        uint bits = BitConverter.SingleToUInt32Bits(number);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }
}
