#pragma warning disable ATTN0702, ATTN0703 // Small widths, where ranks save nothing.
#pragma warning disable ATTN0781 // Modules that evaluate only.

namespace AttnDsl.Conformance.Tests.Layers;

// Layers that select values, next to what they compose with.

[Attention(dim: 20, heads: 4, headDim: 16, Bias = true, OutputBias = true)]
[GroupedQuery(kv: 2)]
[QkNorm]
[QueryScale(preAttnScalar: 8)]
[Rope(layout: RopeLayout.Interleaved)]
[LogitSoftCap(6)]
[Causal]
[SlidingWindow(21)]
[Segments]
[AttentionSink]
[SelectiveValue(top: 6)]
public partial class SelectedEverything;

[Attention(dim: 24, heads: 6, headDim: 4)]
[GroupedQuery(keyHeads: 2, valueHeads: 3)]
[Alibi]
[Causal]
[KvCache(Storage = CacheStorage.Paged, PageSize = 4)]
[SelectiveValue(top: 5)]
public partial class SelectedPaged;

[Attention(dim: 12, heads: 3, headDim: 8)]
[MultiQuery]
[Bidirectional]
[SlidingWindow(left: 9, right: 7)]
[SelectiveValue(top: 4)]
public partial class SelectedBothSides;

/// <summary>Few tokens attend to latents, whose first channels are the values.</summary>
[Attention(dim: 24, heads: 3)]
[LatentKV(rank: 10, ropeDim: 4, nopeDim: 6, valueDim: 5)]
[Rope(layout: RopeLayout.Interleaved)]
[Causal]
[SelectiveValue(top: 4)]
public partial class SelectedLatent;

/// <summary>Keys are made when they are read, values lie in the cache.</summary>
[Attention(dim: 16, heads: 4, headDim: 8)]
[GroupedQuery(keyHeads: 2, valueHeads: 4)]
[KeyWidth(3)]
[Rope]
[Causal]
[SelectiveValue(top: 5)]
public partial class SelectedNarrow;

[Attention(dim: 16, heads: 4, headDim: 8)]
[GroupedQuery(kv: 2)]
[Rope]
[Causal]
[RingCache(recent: 9, sinks: 2)]
[SelectiveValue(top: 4)]
public partial class SelectedRing;

/// <summary>Old tokens are codes, and what is kept of the newest are bfloat16.</summary>
[Attention(dim: 32, heads: 4, headDim: 16)]
[GroupedQuery(kv: 2)]
[Causal]
[KvCache(Element = CacheElement.BFloat16)]
[QuantizedCache(bits: 8, Group = 8, Residual = 8)]
[SelectiveValue(top: 6)]
public partial class SelectedCodes;
