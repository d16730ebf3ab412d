namespace AttnDsl.Torch.Benchmarks;

/// <summary>16 query heads over 4 of keys and values, 64 channels each.</summary>
[Attention(dim: 1024, heads: 16)]
[GroupedQuery(kv: 4)]
[Rope]
[Causal]
public partial class CausalLayer;

/// <summary>The same, seeing 256 keys: libtorch has no kernel that skips the rest.</summary>
[Attention(dim: 1024, heads: 16)]
[GroupedQuery(kv: 4)]
[Rope]
[Causal]
[SlidingWindow(256)]
public partial class WindowedLayer;

/// <summary><see cref="CausalLayer"/> with a cache of half the bytes.</summary>
[Attention(dim: 1024, heads: 16)]
[GroupedQuery(kv: 4)]
[Rope]
[Causal]
[KvCache(Element = CacheElement.BFloat16)]
public partial class HalfLayer;
