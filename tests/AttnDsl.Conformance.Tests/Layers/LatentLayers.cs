// Recorded stacks with the other ways over the cache, and latents next to everything they compose with.
#pragma warning disable ATTN0703, ATTN0706, ATTN0711 // Recorded or small widths, where ranks save nothing; a key norm that is expanded each time.

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
