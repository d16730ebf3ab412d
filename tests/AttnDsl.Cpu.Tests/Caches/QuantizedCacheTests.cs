using System;
using System.Linq;
using AttnDsl.Cpu;

namespace AttnDsl.Cpu.Tests.Caches;

/// <summary>Streams of codes: what kernels read of them, their size, and what is refused.</summary>
public class QuantizedCacheTests
{
    /// <summary>Both kernels over codes, where they lie, give what they give over a dense copy of what the cache says it holds.</summary>
    [Theory]
    [InlineData(4, 32, 128, 32, 64, 300, 1, CacheElement.Float32)]
    [InlineData(4, 32, 32, 32, 64, 300, 3, CacheElement.BFloat16)]
    [InlineData(8, 16, 16, 20, 16, 77, 1, CacheElement.Float32)]
    [InlineData(8, 4, 4, 8, 12, 50, 2, CacheElement.Float32)]
    [InlineData(2, 16, 16, 33, 48, 141, 1, CacheElement.Float32)]
    [InlineData(2, 4, 16, 16, 16, 141, 1, CacheElement.BFloat16)]
    [InlineData(4, 8, 16, 16, 16, 90, 40, CacheElement.Float32)]
    [InlineData(2, 2, 16, 24, 32, 90, 12, CacheElement.Float32)]
    [InlineData(4, 8, 16, 16, 16, 90, 40, CacheElement.BFloat16)]
    [InlineData(4, 32, 128, 32, 64, 300, 1, CacheElement.Float32, 20)]
    [InlineData(8, 16, 16, 20, 16, 777, 1, CacheElement.Float32, 100)]
    [InlineData(2, 16, 16, 33, 48, 141, 3, CacheElement.Float32, 7)]
    [InlineData(4, 8, 16, 16, 16, 90, 40, CacheElement.Float32, 9)]
    [InlineData(8, 8, 16, 16, 16, 90, 4, CacheElement.BFloat16, 60)]
    public void KernelsReadCodesInPlace(int bits, int group, int residual, int keyWidth, int valueWidth, int context, int queries, CacheElement element, int keep = 0) => Paths.OnEach(path =>
    {
        const int Batch = 2;
        CacheStream keys = new("k", 2, keyWidth) { Quantization = new(bits, group, residual, QuantizationAxis.Channel) };
        CacheStream values = new("v", 2, valueWidth) { Quantization = new(bits, group, residual, QuantizationAxis.Token) };
        var cache = new KvCache(Batch, element, null, keys, values);
        Step(cache, [context, context / 2], context);
        TokenRows extended = cache.Extend(TokenRows.Ragged([queries, Math.Max(1, queries - 1)], queries));
        float[] newKeys = Numbers.Random(3, Batch * queries * 2 * keyWidth);
        float[] newValues = Numbers.Random(4, Batch * queries * 2 * valueWidth);
        cache.Append(0, newKeys, extended);
        cache.Append(1, newValues, extended);

        var geometry = new AttendGeometry(HeadMap.Grouped(6, 6), HeadMap.Grouped(2, 6), HeadMap.Grouped(2, 6), keyWidth, valueWidth, 0.3) { Keep = keep };
        float[] query = Numbers.Random(5, Batch * queries * 6 * keyWidth);
        float[] output = Numbers.Garbage(Batch * queries * 6 * valueWidth);
        if (element == CacheElement.Float32)
        {
            FusedAttention.Attend(geometry, query, cache.View<float>(0), cache.View<float>(1), [], extended, default(IdentityScore), Masks.Causal, output, []);
        }
        else
        {
            FusedAttention.Attend(geometry, query, cache.View<ushort>(0), cache.View<ushort>(1), [], extended, default(IdentityScore), Masks.Causal, output, []);
        }

        float[] dense = Numbers.Garbage(output.Length);
        FusedAttention.Attend(
            geometry,
            query,
            HeadRows<float>.Dense(Seen(cache, 0, newKeys, extended), extended.Keys, 2, keyWidth),
            HeadRows<float>.Dense(Seen(cache, 1, newValues, extended), extended.Keys, 2, valueWidth),
            [],
            extended,
            default(IdentityScore),
            Masks.Causal,
            dense,
            []);

        // Codes that are brought together beside bfloat16 scalars are rounded to such.
        Compare.Close(Array.ConvertAll(dense, value => (double)value), output, element == CacheElement.Float32 ? 1e-5 : 4e-3, path);
    });

    /// <summary>Packs of every size meet codes of every number of bits in steps, with and without windows that begin within one, and values that are too large to be left where they lie.</summary>
    [Theory]
    [InlineData(4, 32, 64, 64, 1, 0)]
    [InlineData(4, 32, 64, 64, 1, 45)]
    [InlineData(8, 32, 32, 32, 1, 0)]
    [InlineData(2, 32, 96, 32, 1, 101)]
    [InlineData(2, 64, 40, 64, 2, 0)]
    [InlineData(8, 64, 16, 64, 3, 77)]
    [InlineData(4, 4, 48, 48, 1, 0)]
    [InlineData(8, 4, 8, 64, 1, 33)]
    public void PacksOfEverySizeMeetCodes(int bits, int group, int keyWidth, int valueWidth, int queries, int window) => Paths.OnEach(path =>
    {
        foreach (int pack in new[] { 1, 2, 3, 5, 7 })
        {
            foreach (float size in new[] { 1f, 1e30f })
            {
                CacheStream keys = new("k", 2, keyWidth) { Quantization = new(bits, group, 64, QuantizationAxis.Channel) };
                CacheStream values = new("v", 2, valueWidth) { Quantization = new(bits, Math.Max(group, 8), 64, QuantizationAxis.Token) };
                var cache = new KvCache(1, CacheElement.Float32, null, keys, values);
                float[] newValues = Numbers.Random(4, 333 * 2 * valueWidth);
                TokenRows extended = cache.Extend(TokenRows.Uniform(1, 333));
                cache.Append(0, Numbers.Random(3, 333 * 2 * keyWidth), extended);
                cache.Append(1, [.. newValues.Select(value => value * size)], extended);
                cache.Commit(extended);
                extended = cache.Extend(TokenRows.Uniform(1, queries));
                float[] ownKeys = Numbers.Random(5, queries * 2 * keyWidth);
                float[] ownValues = [.. Numbers.Random(6, queries * 2 * valueWidth).Select(value => value * size)];
                cache.Append(0, ownKeys, extended);
                cache.Append(1, ownValues, extended);

                int heads = 2 * pack;
                var geometry = new AttendGeometry(HeadMap.Grouped(heads, heads), HeadMap.Grouped(2, heads), HeadMap.Grouped(2, heads), keyWidth, valueWidth, 0.3);
                BandMask mask = window == 0 ? Masks.Causal : Masks.Band(window, 0);
                float[] query = Numbers.Random(7, queries * heads * keyWidth);
                float[] output = Numbers.Garbage(queries * heads * valueWidth);
                FusedAttention.Decode(geometry, query, cache.View<float>(0), cache.View<float>(1), [], extended, default(IdentityScore), mask, output, []);
                float[] dense = Numbers.Garbage(output.Length);
                FusedAttention.Decode(
                    geometry,
                    query,
                    HeadRows<float>.Dense(Seen(cache, 0, ownKeys, extended), extended.Keys, 2, keyWidth),
                    HeadRows<float>.Dense(Seen(cache, 1, ownValues, extended), extended.Keys, 2, valueWidth),
                    [],
                    extended,
                    default(IdentityScore),
                    mask,
                    dense,
                    []);
                Compare.Close([.. dense.Select(value => value / (double)size)], [.. output.Select(value => value / size)], 1e-5, path);
            }
        }
    });

    /// <summary>What is not finite stays with the queries that see it.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(12)]
    public void HiddenCodesNeverReachAResult(int queries)
    {
        CacheStream[] streams = [new("k", 1, 16) { Quantization = new(4, 8, 8, QuantizationAxis.Channel) }, new("v", 1, 16) { Quantization = new(4, 8, 8, QuantizationAxis.Token) }];
        var cache = new KvCache(1, CacheElement.Float32, null, streams);
        TokenRows extended = cache.Extend(TokenRows.Uniform(1, 64));
        float[] values = Numbers.Random(1, 64 * 16);
        cache.Append(0, values, extended);
        values[5 * 16] = float.NaN;
        values[(3 * 16) + 9] = float.PositiveInfinity;
        cache.Append(1, values, extended);
        cache.Commit(extended);
        Assert.True(float.IsNaN(cache.Read(1)[(5 * 16) + 7]) && float.IsFinite(cache.Read(1)[(5 * 16) + 8]));

        extended = cache.Extend(TokenRows.Uniform(1, queries));
        cache.Append(0, Numbers.Random(2, queries * 16), extended);
        cache.Append(1, Numbers.Random(3, queries * 16), extended);
        var geometry = new AttendGeometry(HeadMap.Grouped(1, 1), HeadMap.Grouped(1, 1), HeadMap.Grouped(1, 1), 16, 16, 0.25);
        float[] output = Numbers.Garbage(queries * 16);
        FusedAttention.Attend(geometry, Numbers.Random(4, queries * 16), cache.View<float>(0), cache.View<float>(1), [], extended, default(IdentityScore), Masks.Band(30, 0), output, []);
        Assert.All(output, value => Assert.True(float.IsFinite(value)));
    }

    [Theory]
    [InlineData(4, 32, 128, CacheElement.Float32)]
    [InlineData(8, 32, 64, CacheElement.BFloat16)]
    [InlineData(2, 16, 32, CacheElement.Float32)]
    public void BytesAreThoseOfTheFormula(int bits, int group, int residual, CacheElement element)
    {
        const int Batch = 2;
        const int Heads = 4;
        const int Width = 64;
        const int Capacity = 1024;
        CacheStream[] streams =
        [
            new("k", Heads, Width) { Quantization = new(bits, group, residual, QuantizationAxis.Channel) }, new("v", Heads, Width) { Quantization = new(bits, group, residual, QuantizationAxis.Token) },
        ];
        var cache = new KvCache(Batch, element, Capacity, streams);
        double perToken = Heads * Width * ((bits / 8.0) + (8.0 / group));
        double scalars = 2.0 * residual * Heads * Width * (element == CacheElement.Float32 ? 4 : 2);
        double formula = Batch * ((Capacity * perToken) + scalars + ((Capacity - residual) * perToken) + scalars);
        Assert.Equal(formula, cache.Bytes);
        Step(cache, [700, 300], 700);
        Assert.Equal(formula, cache.Bytes);
    }

    /// <summary>One block, chunks and single tokens leave the same codes.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    public void EqualContentGivesEqualCodes(int chunk)
    {
        KvCache whole = Cache();
        KvCache pieces = Cache();
        float[] values = Numbers.Random(1, 75 * 32);
        Feed(whole, values, 75);
        for (int at = 0; at < 75; at += chunk)
        {
            Feed(pieces, values.AsSpan(at * 32, Math.Min(chunk, 75 - at) * 32), Math.Min(chunk, 75 - at));
        }

        Assert.Equal(whole.Read(0), pieces.Read(0));
        Assert.Equal(whole.Read(1), pieces.Read(1));
    }

    [Fact]
    public void WhatIsReservedCanBeTakenBack()
    {
        KvCache cache = Cache();
        float[] values = Numbers.Random(1, 64 * 32);
        Feed(cache, values, 35);
        float[] kept = cache.Read(1);

        // Without a word before, the values of tokens up to 19 have become codes.
        InvalidOperationException refusal = Assert.Throws<InvalidOperationException>(() => cache.Truncate(0, 18));
        Assert.Contains("Reserve", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(35, cache.Length(0));
        Assert.Equal(kept, cache.Read(1));

        cache.Reserve(6);
        Feed(cache, Numbers.Random(2, 6 * 32), 6);
        Assert.Equal(kept, cache.Read(1)[..kept.Length]);
        cache.Truncate(0, 35);
        Assert.Equal(kept, cache.Read(1));

        // As if the six had never been.
        KvCache other = Cache();
        Feed(other, values, 35);
        cache.Reserve(0);
        Feed(cache, values.AsSpan(0, 20 * 32), 20);
        Feed(other, values.AsSpan(0, 20 * 32), 20);
        Assert.Equal(other.Read(0), cache.Read(0));
        Assert.Equal(other.Read(1), cache.Read(1));
    }

    [Fact]
    public void LayersOfAStackMayDiffer()
    {
        var stack = new StackCache(1);
        var plain = new KvCache(stack, CacheElement.Float32, new CacheStream("k", 1, 32));
        var coded = new KvCache(stack, CacheElement.Float32, new CacheStream("k", 1, 32) { Quantization = new(4, 8, 16, QuantizationAxis.Token) });
        float[] values = Numbers.Random(1, 40 * 32);
        TokenRows block = TokenRows.Uniform(1, 40);
        foreach (KvCache layer in stack.Layers)
        {
            TokenRows extended = layer.Extend(block);
            layer.Append(0, values, extended);
            layer.Commit(extended);
        }

        Assert.Equal(values, plain.Read(0));
        Assert.Equal(values[(24 * 32)..], coded.Read(0)[(24 * 32)..]);
        Assert.NotEqual(values, coded.Read(0));
        Assert.Throws<InvalidOperationException>(() => stack.Truncate(0, 23));
        Assert.Equal(40, stack.Length(0));
        stack.Truncate(0, 24);
        Assert.Equal(24, plain.Length(0));
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        static void Refused(CacheQuantization quantization, int width, string expected) => Assert.Contains(
            expected,
            Assert.Throws<ArgumentException>(() => new KvCache(1, CacheElement.Float32, null, new CacheStream("s", 1, width) { Quantization = quantization })).Message,
            StringComparison.Ordinal);

        Refused(new(3, 8, 16, QuantizationAxis.Channel), 16, "2, 4 or 8, got 3");
        Refused(new(4, 0, 16, QuantizationAxis.Channel), 16, "at least 1, got 0");
        Refused(new(4, 8, 20, QuantizationAxis.Channel), 16, "got 20");
        Refused(new(4, 4, 4, QuantizationAxis.Token), 16, "the codes of an int32, got 4");
        Refused(new(4, 8, 16, QuantizationAxis.Token), 20, "width: expected a multiple of the group 8");
        Refused(new(4, 8, 16, (QuantizationAxis)2), 16, "axis");
        Assert.Contains(
            "contiguous",
            Assert.Throws<ArgumentException>(() => new KvCache(1, CacheElement.Float32, new CachePaging(16), new CacheStream("s", 1, 16) { Quantization = new(4, 8, 16, QuantizationAxis.Token) })).Message,
            StringComparison.Ordinal);
    }

    /// <summary>Warm single steps in a cache of fixed size.</summary>
    [Fact]
    public void StepsAllocateNothing()
    {
        var cache = new KvCache(1, CacheElement.Float32, 4096, Cache().Streams.ToArray());
        float[] values = Numbers.Random(1, 32);
        TokenRows block = TokenRows.Uniform(1, 1);
        void Steps(int count)
        {
            for (int step = 0; step < count; step++)
            {
                TokenRows extended = cache.Extend(block);
                cache.Append(0, values, extended);
                cache.Append(1, values, extended);
                cache.Commit(extended);
            }
        }

        Steps(200);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Steps(200);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static KvCache Cache() => new(
        1,
        CacheElement.Float32,
        null,
        new CacheStream("k", 1, 32) { Quantization = new(4, 8, 16, QuantizationAxis.Channel) },
        new CacheStream("v", 1, 32) { Quantization = new(4, 8, 16, QuantizationAxis.Token) });

    private static void Feed(KvCache cache, ReadOnlySpan<float> values, int tokens)
    {
        TokenRows extended = cache.Extend(TokenRows.Uniform(1, tokens));
        cache.Append(0, values[..(tokens * 32)], extended);
        cache.Append(1, values[..(tokens * 32)], extended);
        cache.Commit(extended);
    }

    private static void Step(KvCache cache, int[] counts, int tokens)
    {
        TokenRows extended = cache.Extend(TokenRows.Ragged(counts, tokens));
        for (int s = 0; s < 2; s++)
        {
            cache.Append(s, Numbers.Random(s, counts.Length * tokens * (int)cache.Streams[s].ScalarsPerToken), extended);
        }

        cache.Commit(extended);
    }

    /// <summary>What the step attends to: what the cache reads of earlier tokens, and the new ones as they are stored.</summary>
    private static float[] Seen(KvCache cache, int stream, float[] added, TokenRows extended)
    {
        int size = (int)cache.Streams[stream].ScalarsPerToken;
        float[] old = cache.Read(stream);
        int longest = old.Length / size / cache.Batch;
        var seen = new float[cache.Batch * extended.Keys * size];
        for (int row = 0; row < cache.Batch; row++)
        {
            old.AsSpan(row * longest * size, cache.Length(row) * size).CopyTo(seen.AsSpan(row * extended.Keys * size));
            for (int i = 0; i < extended.Count(row) * size; i++)
            {
                float value = added[(row * extended.Tokens * size) + i];
                seen[(((row * extended.Keys) + cache.Length(row)) * size) + i] = cache.Element == CacheElement.Float32 ? value : BFloat16Bits.ToSingle(BFloat16Bits.FromDouble(value));
            }
        }

        return seen;
    }
}
