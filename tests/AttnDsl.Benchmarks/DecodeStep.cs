using System;
using System.Runtime.InteropServices;
using AttnDsl.Cpu;

namespace AttnDsl.Benchmarks;

/// <summary>A full cache and the queries of its last tokens.</summary>
internal sealed class DecodeStep : IDisposable
{
    private static readonly BandMask Causal = Masks.Causal;

    private readonly AttendGeometry _geometry;
    private readonly float[] _query;
    private readonly float[] _output;
    private readonly TokenRows _rows;

    public DecodeStep(int heads, int kv, int context, int width, CacheElement element, int queries, int bits = 0)
    {
        var random = new Random(1);
        _geometry = new AttendGeometry(HeadMap.Grouped(heads, heads), HeadMap.Grouped(kv, heads), HeadMap.Grouped(kv, heads), width, width, 1 / Math.Sqrt(width));
        _query = Random(random, queries * heads * width);
        _output = new float[_query.Length];
        _rows = TokenRows.Core(1, queries, context);
        Cache = new KvCache(
            1,
            element,
            context,
            new CacheStream("key", kv, width) { Quantization = bits == 0 ? null : new(bits, 32, 128, QuantizationAxis.Channel) },
            new CacheStream("value", kv, width) { Quantization = bits == 0 ? null : new(bits, 32, 128, QuantizationAxis.Token) });
        TokenRows extended = Cache.Extend(TokenRows.Uniform(1, context));
        Cache.Append(0, Random(random, context * kv * width), extended);
        Cache.Append(1, Random(random, context * kv * width), extended);
        Cache.Commit(extended);
    }

    public KvCache Cache { get; }

    /// <summary>The memory of the keys, whatever it holds.</summary>
    public ReadOnlySpan<float> Keys() => Memory(0);

    /// <summary>The memory of the values.</summary>
    public ReadOnlySpan<float> Values() => Memory(1);

    public void Decode()
    {
        if (Cache.Element == CacheElement.Float32)
        {
            FusedAttention.Decode(_geometry, _query, Cache.View<float>(0), Cache.View<float>(1), [], _rows, default(IdentityScore), Causal, _output, []);
        }
        else
        {
            FusedAttention.Decode(_geometry, _query, Cache.View<ushort>(0), Cache.View<ushort>(1), [], _rows, default(IdentityScore), Causal, _output, []);
        }
    }

    public void Prefill() => FusedAttention.Forward(_geometry, _query, Cache.View<float>(0), Cache.View<float>(1), [], _rows, default(IdentityScore), Causal, _output, []);

    // The next shape's cache must not be measured beside this one's.
    public void Dispose() => GC.Collect();

    private ReadOnlySpan<float> Memory(int stream) =>
        Cache.Element == CacheElement.Float32 ? Cache.View<float>(stream).Values : MemoryMarshal.Cast<ushort, float>(Cache.View<ushort>(stream).Values);

    private static float[] Random(Random random, int length)
    {
        var values = new float[length];
        for (int i = 0; i < length; i++)
        {
            values[i] = (2 * random.NextSingle()) - 1;
        }

        return values;
    }
}
