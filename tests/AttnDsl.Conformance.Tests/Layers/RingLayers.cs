namespace AttnDsl.Conformance.Tests.Layers;

// Rings of both policies and positions, so small that tokens go early.

[Attention(dim: 12, heads: 4, headDim: 6)]
[GroupedQuery(kv: 2)]
[Rope(theta: 100, layout: RopeLayout.Interleaved, rotaryDim: 4)]
[Causal]
[Segments]
[RingCache(recent: 5, sinks: 2, Positions = RingPositions.Slot)]
public partial class SlotsRoomBefore;

[Attention(dim: 12, heads: 3, headDim: 8)]
[Rope(theta: 100)]
[Yarn(factor: 4, originalLength: 128, betaFast: 8)]
[Causal]
[Segments]
[RingCache(recent: 4, sinks: 3, Positions = RingPositions.Slot, Evict = RingEviction.TrimAfter)]
public partial class SlotsTrimAfter;

[Attention(dim: 12, heads: 4, headDim: 4)]
[GroupedQuery(kv: 2)]
[Rope(theta: 100)]
[AttentionSink]
[Causal]
[Segments]
[RingCache(recent: 6, sinks: 1)]
public partial class AbsoluteRoomBefore;

[Attention(dim: 12, heads: 4, headDim: 4)]
[GroupedQuery(kv: 2)]
[Alibi]
[Causal]
[Segments]
[RingCache(recent: 5, sinks: 2, Positions = RingPositions.Slot, Evict = RingEviction.TrimAfter)]
public partial class AlibiTrimAfter;

/// <summary>Its window hides what the ring lets go of.</summary>
[Attention(dim: 12, heads: 4, headDim: 4)]
[GroupedQuery(kv: 2)]
[Rope(theta: 100)]
[Causal]
[SlidingWindow(6)]
[Segments]
[RingCache(recent: 5, Evict = RingEviction.TrimAfter)]
public partial class WindowOnRing;
