// Recorded stacks with the other ways over the cache, and latents next to everything they compose with.
#pragma warning disable ATTN0702, ATTN0703, ATTN0706, ATTN0711, ATTN0728 // Recorded or small widths, where ranks save nothing; a key norm or biases for which latents are expanded each time.

namespace AttnDsl.Conformance.Tests.Layers;

/// <summary>mla-qlora, every call over latents.</summary>
[Attention(dim: 48, heads: 4)]
[LatentKV(rank: 24, ropeDim: 8, nopeDim: 16, valueDim: 16, DecodePath = DecodePath.Absorb)]
[LowRankQuery(rank: 32)]
[Rope(layout: RopeLayout.Interleaved)]
[Causal]
public partial class MlaLowRankAbsorbed;

/// <summary>mla-qlora, every call over expanded heads.</summary>
[Attention(dim: 48, heads: 4)]
[LatentKV(rank: 24, ropeDim: 8, nopeDim: 16, valueDim: 16, DecodePath = DecodePath.Expand)]
[LowRankQuery(rank: 32)]
[Rope(layout: RopeLayout.Interleaved)]
[Causal]
public partial class MlaLowRankExpanded;

/// <summary>mla-yarn, every call over latents, with all of YaRN's form written.</summary>
[Attention(dim: 48, heads: 3)]
[LatentKV(rank: 16, ropeDim: 16, nopeDim: 8, valueDim: 12, DecodePath = DecodePath.Absorb)]
[LowRankQuery(rank: 24)]
[Rope(layout: RopeLayout.Interleaved)]
[Yarn(factor: 4, originalLength: 16, betaFast: 4, betaSlow: 1, mscale: 0.707, Rounded = true, ScaleOn = YarnScale.Softmax)]
[Causal]
public partial class MlaYarnAbsorbed;

/// <summary>Fewer heads, every kind of mask and score operation, rows of unequal length; few and many tokens go different ways.</summary>
[Attention(dim: 20, heads: 6, headDim: 8, Bias = true, OutputBias = true)]
[SparseQuery(ratio: 2)]
[LatentKV(rank: 12, ropeDim: 4, nopeDim: 3, valueDim: 2)]
[LowRankQuery(rank: 5)]
[Rope(theta: 50, layout: RopeLayout.HalfSplit)]
[Causal]
[SlidingWindow(9)]
[Segments]
[LogitSoftCap(5)]
[AttentionSink]
public partial class LatentEverything;

/// <summary>No rotation: one stream of latents alone, without a norm.</summary>
[Attention(dim: 16, heads: 2)]
[LatentKV(rank: 17, LatentNorm = false)]
[Alibi]
[Causal]
[KvCache(Storage = CacheStorage.Paged, PageSize = 8)]
public partial class LatentNope;

/// <summary>A norm of expanded keys, so every call expands.</summary>
[Attention(dim: 16, heads: 2)]
[LatentKV(rank: 17, ropeDim: 4, nopeDim: 6, valueDim: 5)]
[QkNorm]
[Rope]
[Causal]
[KvCache(Storage = CacheStorage.Paged, PageSize = 5)]
public partial class LatentNormed;

/// <summary>Two bytes a cached scalar.</summary>
[Attention(dim: 16, heads: 2)]
[LatentKV(rank: 16, ropeDim: 8, nopeDim: 4, valueDim: 4)]
[Rope]
[Causal]
[KvCache(Element = CacheElement.BFloat16)]
public partial class LatentHalved;

/// <summary>Codes from the ninth token on.</summary>
[Attention(dim: 16, heads: 2)]
[LatentKV(rank: 16, ropeDim: 8, nopeDim: 4, valueDim: 4)]
[Rope]
[Causal]
[QuantizedCache(bits: 8, Group = 4, Residual = 8)]
public partial class LatentCoded;

/// <summary>A bottleneck of the queries on a grouped layer.</summary>
[Attention(dim: 24, heads: 4, Bias = true)]
[GroupedQuery(kv: 2)]
[LowRankQuery(rank: 6, Eps = 1e-5)]
[QkNorm]
[Rope]
[Causal]
public partial class LowRankGrouped;

/// <summary>tpla-gla2, every call over latents.</summary>
[Attention(dim: 32, heads: 4, headDim: 8, Bias = true)]
[GroupedLatentKV(groups: 2, rank: 16, ropeDim: 4, Eps = 1e-5, DecodePath = DecodePath.Absorb)]
[LowRankQuery(rank: 64)]
[Rope(layout: RopeLayout.HalfSplit)]
[Causal]
public partial class GroupedLatentsAbsorbed;

/// <summary>tpla-gla2, every call over expanded heads, with all that a default says written.</summary>
[Attention(dim: 32, heads: 4, headDim: 8, Bias = true)]
[GroupedLatentKV(groups: 2, rank: 16, ropeDim: 4, NopeDim = 8, ValueDim = 8, Eps = 1e-5, DecodePath = DecodePath.Expand)]
[LowRankQuery(rank: 64, Eps = 1e-5)]
[Rope(layout: RopeLayout.HalfSplit)]
[Causal]
public partial class GroupedLatentsExpanded;

/// <summary>Biases, a cap and sinks: every call expands. Heads and widths are uneven.</summary>
[Attention(dim: 20, heads: 12, headDim: 8, Bias = true, OutputBias = true)]
[SparseQuery(ratio: 2)]
[GroupedLatentKV(groups: 3, rank: 12, ropeDim: 4, NopeDim = 3, ValueDim = 2)]
[Rope(theta: 50)]
[Causal]
[SlidingWindow(9)]
[Segments]
[LogitSoftCap(5)]
[AttentionSink]
public partial class GroupedLatentsEverything;

/// <summary>No rotation: latents alone, without norms and biases, so that caps and sinks leave them absorbable.</summary>
[Attention(dim: 16, heads: 4)]
[GroupedLatentKV(groups: 2, rank: 9, LatentNorm = false)]
[Alibi]
[LogitSoftCap(3)]
[AttentionSink]
[Causal]
[KvCache(Storage = CacheStorage.Paged, PageSize = 5)]
public partial class GroupedLatentsNope;

/// <summary>Two bytes a cached scalar.</summary>
[Attention(dim: 16, heads: 4)]
[GroupedLatentKV(groups: 2, rank: 8, ropeDim: 4)]
[Rope]
[Causal]
[KvCache(Element = CacheElement.BFloat16)]
public partial class GroupedLatentsHalved;

/// <summary>Codes from the ninth token on.</summary>
[Attention(dim: 16, heads: 4)]
[GroupedLatentKV(groups: 2, rank: 8, ropeDim: 4)]
[Rope]
[Causal]
[QuantizedCache(bits: 8, Group = 4, Residual = 8)]
public partial class GroupedLatentsCoded;

/// <summary>One latent of those that come in groups.</summary>
[Attention(dim: 16, heads: 4)]
[GroupedLatentKV(groups: 1, rank: 9, ropeDim: 4, NopeDim = 3, ValueDim = 5)]
[Rope(theta: 60)]
[Causal]
public partial class OneGroup;

/// <summary>The same as one latent for all heads.</summary>
[Attention(dim: 16, heads: 4)]
[LatentKV(rank: 9, ropeDim: 4, nopeDim: 3, valueDim: 5)]
[Rope(theta: 60)]
[Causal]
public partial class OneLatent;

/// <summary>Two latents without norms.</summary>
[Attention(dim: 16, heads: 4)]
[GroupedLatentKV(groups: 2, rank: 5, ropeDim: 4, LatentNorm = false)]
[Rope(theta: 60)]
[Causal]
public partial class TwoGroups;

/// <summary>The same as one latent, which each head reads half of.</summary>
[Attention(dim: 16, heads: 4)]
[LatentKV(rank: 10, ropeDim: 4, nopeDim: 4, valueDim: 4, LatentNorm = false)]
[Rope(theta: 60)]
[Causal]
public partial class TwoGroupsAsOne;
