using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Conformance.Tests.Cpu;
using AttnDsl.Conformance.Tests.Layers;

namespace AttnDsl.Conformance.Tests.Caches;

/// <summary>Layers over rings: what is exact, however tokens come; and what is not, refused before anything is written.</summary>
[Collection(CpuTests.Name)]
public sealed class RingCacheTests
{
    // Kernels in float against the reference in double, on outputs near 1.
    private const double Single = 2e-5;

    private static readonly int[] s_steps = [3, 1, 1, 4, 1, 9, 1, 1, 2, 1, 1, 5, 1, 1, 1];

    public static TheoryData<Type> Layers => [typeof(SlotsRoomBefore), typeof(SlotsTrimAfter), typeof(AbsoluteRoomBefore), typeof(AlibiTrimAfter), typeof(WindowOnRing)];

    [Theory]
    [MemberData(nameof(Layers))]
    public void Kernels_over_a_ring_are_the_reference_over_one(Type annotated) => OnPaths(annotated, (layer, wide, narrow) =>
    {
        KvCache cache = layer.Cpu.CreateCache(2);
        ReferenceCache<double> reference = layer.Reference.CreateCache(2);
        foreach ((int tokens, int step) in s_steps.Select((tokens, step) => (tokens, step)))
        {
            float[] x = CpuCalls.Random(100 + step, 2 * tokens * 12);
            TokenRows rows = TokenRows.Uniform(2, tokens);
            Near(layer.Reference.Prefill(wide, CpuCalls.Wide(x), reference, rows), tokens == 1 ? layer.Decode(narrow, x, cache) : layer.Prefill(narrow, x, cache, rows));
            Assert.Equal((reference.Length(0), reference.Held(1)), (cache.Length(0), cache.Held(1)));
            Near(reference.Read(0), cache.Read(0));
            Near(reference.Read(1), cache.Read(1));
        }
    });

    /// <summary>Its window hides all that is gone.</summary>
    [Fact]
    public void Under_a_window_all_at_once_equals_chunks_equals_token_by_token() => OnPaths(typeof(WindowOnRing), (layer, wide, narrow) =>
    {
        const int Tokens = 40;
        float[] x = CpuCalls.Random(200, 2 * Tokens * 12);
        double[] whole = layer.Reference.Forward(wide, CpuCalls.Wide(x), TokenRows.Uniform(2, Tokens));
        foreach (int[] chunks in new int[][] { [40], [1], [2, 3, 1, 7], [13, 1, 1, 1, 6] })
        {
            KvCache cache = layer.Cpu.CreateCache(2);
            ReferenceCache<double> reference = layer.Reference.CreateCache(2);
            (List<double[]> exact, List<double[]> single) = ([], []);
            for ((int at, int n) = (0, 0); at < Tokens; at += chunks[n++ % chunks.Length])
            {
                int count = Math.Min(chunks[n % chunks.Length], Tokens - at);
                float[] part = Part(x, Tokens, at, count);
                exact.Add(layer.Reference.Prefill(wide, CpuCalls.Wide(part), reference, TokenRows.Uniform(2, count)));
                single.Add(CpuCalls.Wide(layer.Prefill(narrow, part, cache, TokenRows.Uniform(2, count))));
            }

            Numbers.Close(whole, Joined(exact), 1e-12, "reference");
            Numbers.Close(whole, Joined(single), Single, "kernels");
        }
    });

    [Theory]
    [MemberData(nameof(Layers))]
    public void Ragged_rows_are_their_own_sequences(Type annotated) => OnPaths(annotated, (layer, wide, narrow) =>
    {
        KvCache cache = layer.Cpu.CreateCache(3);
        KvCache[] alone = [.. Enumerable.Range(0, 3).Select(_ => layer.Cpu.CreateCache(1))];
        ReferenceCache<double>[] reference = [.. Enumerable.Range(0, 3).Select(_ => layer.Reference.CreateCache(1))];
        var random = new Random(7);
        for (int step = 0; step < 30; step++)
        {
            int tokens = random.Next(4) == 0 ? random.Next(1, 10) : random.Next(1, 3);
            int[] counts = [.. Enumerable.Range(0, 3).Select(_ => random.Next(tokens + 1))];
            float[] x = [.. CpuCalls.Random(300 + step, 3 * tokens * 12).Select((number, i) => i / 12 % tokens < counts[i / 12 / tokens] ? number : float.NaN)];
            float[] y = layer.Prefill(narrow, x, cache, TokenRows.Ragged(counts, tokens));
            for (int row = 0; row < 3; row++)
            {
                int start = row * tokens * 12;
                if (counts[row] > 0)
                {
                    float[] own = x[start..(start + (counts[row] * 12))];
                    TokenRows rows = TokenRows.Uniform(1, counts[row]);
                    Near(layer.Reference.Prefill(wide, CpuCalls.Wide(own), reference[row], rows), y[start..(start + (counts[row] * 12))]);
                    Numbers.Close(CpuCalls.Wide(layer.Prefill(narrow, own, alone[row], rows)), CpuCalls.Wide(y[start..(start + (counts[row] * 12))]), 2e-6, "alone");
                }

                Assert.All(y[(start + (counts[row] * 12))..(start + (tokens * 12))], padding => Assert.Equal(0, padding));
            }
        }
    });

    [Theory]
    [MemberData(nameof(Layers))]
    public void Forks_diverge_and_beams_follow(Type annotated) => OnPaths(annotated, (layer, wide, narrow) =>
    {
        KvCache cache = layer.Cpu.CreateCache(2);
        List<float>[] rows = [[], []];
        List<int> steps = [];
        void Step(int tokens, int seed)
        {
            float[] x = CpuCalls.Random(seed, 2 * tokens * 12);
            rows[0].AddRange(x[..(tokens * 12)]);
            rows[1].AddRange(x[(tokens * 12)..]);
            steps.Add(tokens);
            float[] y = layer.Prefill(narrow, x, cache, TokenRows.Uniform(2, tokens));
            for (int row = 0; row < 2; row++)
            {
                // A fresh cache that takes the row's whole history in the same steps.
                ReferenceCache<double> fresh = layer.Reference.CreateCache(1);
                double[] expected = [];
                int at = 0;
                foreach (int count in steps)
                {
                    expected = layer.Reference.Prefill(wide, CpuCalls.Wide(rows[row].GetRange(at * 12, count * 12)), fresh, TokenRows.Uniform(1, count));
                    at += count;
                }

                Near(expected, y[(row * tokens * 12)..((row + 1) * tokens * 12)]);
            }
        }

        foreach ((int tokens, int n) in new[] { 4, 1, 6, 1 }.Select((tokens, n) => (tokens, n)))
        {
            Step(tokens, 400 + n);
        }

        cache.Fork(from: 0, to: 1);
        rows[1] = [.. rows[0]];
        Step(1, 410);
        Step(3, 411);
        cache.Reorder([1, 0]);
        rows = [rows[1], rows[0]];
        Step(1, 412);
        using CacheSnapshot snapshot = cache.Snapshot();
        List<float>[] before = [[.. rows[0]], [.. rows[1]]];
        int[] taken = [.. steps];
        Step(9, 413);
        cache.Restore(snapshot);
        (rows, steps) = (before, [.. taken]);
        Step(1, 414);
    });

    [Theory]
    [MemberData(nameof(Layers))]
    public void Reserved_tokens_can_be_taken_back_and_others_are_refused_before_anything_changes(Type annotated)
    {
        CpuCase layer = CpuCase.Of(annotated);
        AttentionWeights<float> narrow = layer.Weights(seed: 90).Narrow;
        (KvCache cache, KvCache straight) = (layer.Cpu.CreateCache(1), layer.Cpu.CreateCache(1));
        float[] prompt = CpuCalls.Random(500, 3 * 12);
        layer.Prefill(narrow, prompt, cache, TokenRows.Uniform(1, 3));
        layer.Prefill(narrow, prompt, straight, TokenRows.Uniform(1, 3));
        for (int n = 0; n < 12; n++)
        {
            float[] x = CpuCalls.Random(510 + n, 12);
            layer.Decode(narrow, x, cache);
            layer.Decode(narrow, x, straight);
        }

        float[] held = cache.Read(0);
        InvalidOperationException refusal = Assert.Throws<InvalidOperationException>(() => cache.Truncate(0, 9));
        Assert.Contains("Reserve", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(15, cache.Length(0));
        Assert.Equal(held, cache.Read(0));

        // Three drafts, all of them rejected.
        cache.Reserve(3);
        for (int n = 0; n < 3; n++)
        {
            layer.Decode(narrow, CpuCalls.Random(530 + n, 12), cache);
        }

        Assert.NotEqual(held, cache.Read(0));
        cache.Truncate(0, 15);
        Assert.Equal(held, cache.Read(0));
        for (int n = 0; n < 9; n++)
        {
            float[] x = CpuCalls.Random(540 + n, 12);
            Numbers.Close(CpuCalls.Wide(layer.Decode(narrow, x, straight)), CpuCalls.Wide(layer.Decode(narrow, x, cache)), 2e-6, "after the drafts");
        }

        // An abandoned step leaves no trace either.
        held = cache.Read(0);
        Assert.Throws<ArgumentException>(() => layer.Prefill(narrow, new float[13], cache, TokenRows.Uniform(1, 1)));
        TokenRows open = cache.Extend(TokenRows.Uniform(1, 20));
        cache.Append(0, new float[20 * (int)cache.Streams[0].ScalarsPerToken], open);
        Assert.Equal(held, cache.Read(0));
        float[] last = CpuCalls.Random(560, 12);
        Numbers.Close(CpuCalls.Wide(layer.Decode(narrow, last, straight)), CpuCalls.Wide(layer.Decode(narrow, last, cache)), 2e-6, "after an abandoned step");
    }

    [Fact]
    public void Caches_and_stacks_of_other_rings_are_refused()
    {
        Assert.Equal(new CacheRing(5, 2), SlotsRoomBefore.Cache.Keeps);
        Assert.Equal("stack", Assert.Throws<ArgumentException>(() => new SlotsRoomBefore.Cache(new StackCache(1))).ParamName);
        Assert.Throws<ArgumentException>(() => new SlotsRoomBefore.Cache(new StackCache(1, SlotsRoomBefore.Cache.Keeps with { Evict = RingEviction.TrimAfter })));
        var stack = new StackCache(2, SlotsRoomBefore.Cache.Keeps);
        SlotsRoomBefore.Cache[] layers = [new(stack), new(stack)];
        Assert.Equal(2, layers[1].Stack.Layers.Count);

        SlotsRoomBefore.Weights<double> weights = SlotsRoomBefore.Weights<double>.Zeros();
        CacheStream[] streams = [.. layers[0].Streams];
        ReferenceCache<double>[] others = [new(1, streams), new(1, new CacheRing(6, 2), streams), new(1, SlotsRoomBefore.Cache.Keeps, streams[1], streams[1])];
        Assert.All(others, other => Assert.Equal("cache", Assert.Throws<ArgumentException>(() => SlotsRoomBefore.Reference.Decode(weights, new double[12], other)).ParamName));
        Assert.Throws<ArgumentException>(() => new ReferenceCache<double>(1, new CacheRing(5), new CacheStream("k", 1, 8) { Quantization = new(4, 8, 16, QuantizationAxis.Token) }));
        Assert.Throws<ArgumentException>(() => new KvCache(1, CacheElement.Float32, new CacheRing(5, 1), new CacheStream("k", 1, 3) { SinkRotation = new(RopeLayout.HalfSplit, 1, 0.1) }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReferenceCache<double>(1, new CacheRing(0), streams));
        Assert.Throws<ArgumentException>(() => new CacheRotation(RopeLayout.HalfSplit));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CacheRotation((RopeLayout)2, 1));
    }

    private static void OnPaths(Type annotated, Action<CpuCase, AttentionWeights<double>, AttentionWeights<float>> check)
    {
        CpuCase layer = CpuCase.Of(annotated);
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = layer.Weights(seed: 90);
        Paths.OnEach(_ => check(layer, wide, narrow));
    }

    private static void Near(double[] expected, float[] actual) => Numbers.Close(expected, CpuCalls.Wide(actual), Single, "kernels");

    private static float[] Part(float[] x, int tokens, int first, int count) =>
        [.. Enumerable.Range(0, 2).SelectMany(row => x.AsSpan(((row * tokens) + first) * 12, count * 12).ToArray())];

    private static double[] Joined(List<double[]> parts) =>
        [.. Enumerable.Range(0, 2).SelectMany(row => parts.SelectMany(part => part.AsSpan(row * part.Length / 2, part.Length / 2).ToArray()))];
}
