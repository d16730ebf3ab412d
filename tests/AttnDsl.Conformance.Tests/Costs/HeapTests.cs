using System;
using AttnDsl.Conformance.Tests.Cpu;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Costs;

/// <summary>What caches take of the heap: what the layer's constants say when it is compiled, and beside it books of a few numbers per row, which are stated.</summary>
[Collection(CpuTests.Name)]
public sealed class HeapTests(ITestOutputHelper output)
{
    private const int Batch = 3;
    private const int Tokens = 700;
    private const int Fixed = 1024;
    private const int Residual = 64;

    // Arrays' headers, alignment to cache lines, lengths, tables of pages, and of rings the sinks of one row while they turn.
    private const int Books = 16384;

    private const int Rounds = 5;

    // What else happens in the process is shared among so many.
    private const int Caches = 16;

    public static TheoryData<string> Storages =>
    [
        "static, float32", "static, bfloat16", "static, bfloat16 keys", "growing, float32", "growing, bfloat16", "pages, float32", "pages, bfloat16", "growing pages, float32", "growing pages, bfloat16",
        "ring, float32", "ring, bfloat16", "ring of slots, float32", "ring of slots, bfloat16", "8 bits, float32", "4 bits, float32", "2 bits, float32", "4 bits, bfloat16", "growing 4 bits, float32",
    ];

    [Theory]
    [MemberData(nameof(Storages))]
    public void Bytes_on_the_heap_are_those_of_the_formula(string storage)
    {
        Held(storage);
        KvCache cache = Make(storage);
        Fill(cache);
        long formula = Formula(storage, cache);

        // What else the process allocates or lets go of meanwhile disturbs a measurement, which is then taken again.
        long held = Held(storage);
        for (int round = 1; round < Rounds && held - formula is (< 0 or > Books); round++)
        {
            held = Held(storage);
        }

        output.WriteLine(FormattableString.Invariant($"{storage}: {formula} bytes by the formula, {cache.Bytes} by the cache, {held} on the heap: books of {held - formula}"));
        Assert.Equal(formula, cache.Bytes);
        Assert.InRange(held - formula, 0, Books);
    }

    private static long Formula(string storage, KvCache cache)
    {
        int element = cache.Element == CacheElement.Float32 ? 4 : 2;
        return storage switch
        {
            "static, float32" or "growing, float32" => Batch * cache.Capacity * Heap32.Spec.CacheBytesPerToken,
            "static, bfloat16 keys" => Batch * cache.Capacity * Heap16Keys.Spec.CacheBytesPerToken,
            "static, bfloat16" or "growing, bfloat16" => Batch * cache.Capacity * Heap16.Spec.CacheBytesPerToken,
            "pages, float32" or "growing pages, float32" => cache.Pages!.Value.Total * 16 * HeapPages32.Spec.CacheBytesPerToken,
            "pages, bfloat16" or "growing pages, bfloat16" => cache.Pages!.Value.Total * 16 * HeapPages16.Spec.CacheBytesPerToken,
            "ring, float32" => Batch * HeapRing32.Spec.ConstantStateScalars * 4,
            "ring, bfloat16" => Batch * HeapRing16.Spec.ConstantStateScalars * 2,
            "ring of slots, float32" => Batch * HeapSlots32.Spec.ConstantStateScalars * 4,
            "ring of slots, bfloat16" => Batch * HeapSlots16.Spec.ConstantStateScalars * 2,
            "8 bits, float32" => Codes(HeapCodes8.Spec.CacheBytesPerToken),
            "4 bits, float32" or "growing 4 bits, float32" => Codes(HeapCodes4.Spec.CacheBytesPerToken),
            "2 bits, float32" => Codes(HeapCodes2.Spec.CacheBytesPerToken),
            _ => Codes(HeapCodes4Half.Spec.CacheBytesPerToken),
        };

        // Keys and values take half a token's codes each. Keys become codes a residual at a time, those of values stop a residual before the capacity, and of each stream twice the residual are scalars:
        // what is new, and what becomes codes next.
        long Codes(long bytesPerToken) => Batch * (((cache.Capacity - (cache.Capacity % Residual) + cache.Capacity - Residual) * bytesPerToken / 2) + (2 * Residual * cache.ScalarsPerToken * element));
    }

    private static KvCache Make(string storage) => storage switch
    {
        "static, float32" => new Heap32.Cache(Batch, Fixed),
        "static, bfloat16" => new Heap16.Cache(Batch, Fixed),
        "static, bfloat16 keys" => new Heap16Keys.Cache(Batch, Fixed),
        "growing, float32" => new Heap32.Cache(Batch),
        "growing, bfloat16" => new Heap16.Cache(Batch),
        "pages, float32" => new HeapPages32.Cache(Batch, Batch * Fixed / 16),
        "pages, bfloat16" => new HeapPages16.Cache(Batch, Batch * Fixed / 16),
        "growing pages, float32" => new HeapPages32.Cache(Batch),
        "growing pages, bfloat16" => new HeapPages16.Cache(Batch),
        "ring, float32" => new HeapRing32.Cache(Batch),
        "ring, bfloat16" => new HeapRing16.Cache(Batch),
        "ring of slots, float32" => new HeapSlots32.Cache(Batch),
        "ring of slots, bfloat16" => new HeapSlots16.Cache(Batch),
        "8 bits, float32" => new HeapCodes8.Cache(Batch, Fixed),
        "4 bits, float32" => new HeapCodes4.Cache(Batch, Fixed),
        "2 bits, float32" => new HeapCodes2.Cache(Batch, Fixed),
        "growing 4 bits, float32" => new HeapCodes4.Cache(Batch),
        _ => new HeapCodes4Half.Cache(Batch, Fixed),
    };

    private static long Held(string storage)
    {
        Collect();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var caches = new KvCache[Caches];
        for (int n = 0; n < Caches; n++)
        {
            caches[n] = Make(storage);
            Fill(caches[n]);
        }

        Collect();
        long held = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(caches);
        return held / Caches;
    }

    /// <summary>A prompt, then single tokens: what a step of many tokens took for itself is given back.</summary>
    private static void Fill(KvCache cache)
    {
        foreach (int tokens in new[] { Tokens, 1, 1 })
        {
            TokenRows rows = cache.Extend(TokenRows.Uniform(Batch, tokens));
            for (int s = 0; s < cache.Streams.Count; s++)
            {
                cache.Append(s, new float[Batch * tokens * (int)cache.Streams[s].ScalarsPerToken], rows);
            }

            cache.Commit(rows);
        }
    }

    private static void Collect()
    {
        for (int n = 0; n < 2; n++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}

[Attention(dim: 128, heads: 4)]
[GroupedQuery(kv: 2)]
[Causal]
public partial class Heap32;

[Attention(dim: 128, heads: 4)]
[GroupedQuery(kv: 2)]
[Causal]
[KvCache(Element = CacheElement.BFloat16)]
public partial class Heap16;

[Attention(dim: 128, heads: 4)]
[GroupedQuery(kv: 2)]
[Causal]
[KvCache(KeyElement = CacheElement.BFloat16)]
public partial class Heap16Keys;

[Attention(dim: 128, heads: 4)]
[GroupedQuery(kv: 2)]
[Causal]
[KvCache(Storage = CacheStorage.Paged)]
public partial class HeapPages32;

[Attention(dim: 128, heads: 4)]
[GroupedQuery(kv: 2)]
[Causal]
[KvCache(Element = CacheElement.BFloat16, Storage = CacheStorage.Paged)]
public partial class HeapPages16;

[Attention(dim: 128, heads: 4)]
[GroupedQuery(kv: 2)]
[Rope]
[Causal]
[RingCache(recent: 252, sinks: 4)]
public partial class HeapRing32;

[Attention(dim: 128, heads: 4)]
[GroupedQuery(kv: 2)]
[Rope]
[Causal]
[KvCache(Element = CacheElement.BFloat16)]
[RingCache(recent: 252, sinks: 4, Evict = RingEviction.TrimAfter)]
public partial class HeapRing16;

[Attention(dim: 128, heads: 4)]
[GroupedQuery(kv: 2)]
[Rope]
[Causal]
[RingCache(recent: 252, sinks: 4, Positions = RingPositions.Slot)]
public partial class HeapSlots32;

[Attention(dim: 128, heads: 4)]
[GroupedQuery(kv: 2)]
[Rope]
[Causal]
[KvCache(Element = CacheElement.BFloat16)]
[RingCache(recent: 252, sinks: 4, Positions = RingPositions.Slot)]
public partial class HeapSlots16;

[Attention(dim: 128, heads: 4)]
[GroupedQuery(kv: 2)]
[Causal]
[QuantizedCache(bits: 8, Group = 32, Residual = 64)]
public partial class HeapCodes8;

[Attention(dim: 128, heads: 4)]
[GroupedQuery(kv: 2)]
[Causal]
[QuantizedCache(bits: 4, Group = 32, Residual = 64)]
public partial class HeapCodes4;

[Attention(dim: 128, heads: 4)]
[GroupedQuery(kv: 2)]
[Causal]
[QuantizedCache(bits: 2, Group = 32, Residual = 64)]
public partial class HeapCodes2;

[Attention(dim: 128, heads: 4)]
[GroupedQuery(kv: 2)]
[Causal]
[KvCache(Element = CacheElement.BFloat16)]
[QuantizedCache(bits: 4, Group = 32, Residual = 64)]
public partial class HeapCodes4Half;
