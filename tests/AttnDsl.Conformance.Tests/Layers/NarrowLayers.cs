namespace AttnDsl.Conformance.Tests.Layers;

/// <summary>Nothing comes between widening and scores: few queries are made narrow instead.</summary>
[Attention(dim: 20, heads: 4, headDim: 8, Bias = true)]
[GroupedQuery(keyHeads: 2, valueHeads: 4)]
[KeyWidth(3)]
[Alibi]
[LogitSoftCap(6)]
[Causal]
[SlidingWindow(19)]
[AttentionSink]
public partial class NarrowFolded;

/// <summary>The same in pages, wide enough for every vector.</summary>
[Attention(dim: 24, heads: 2, headDim: 64)]
[KeyWidth(32)]
[Causal]
[KvCache(Storage = CacheStorage.Paged, PageSize = 8)]
public partial class NarrowPaged;

/// <summary>A window over keys that are rotated when they are read.</summary>
[Attention(dim: 16, heads: 4, headDim: 8)]
[KeyWidth(4)]
[Rope]
[Causal]
[SlidingWindow(5)]
public partial class NarrowWindow;
