// Stacks that must equal a covering stack for some weights; see ReductionTests.
namespace AttnDsl.Conformance.Tests.Layers;

/// <summary><see cref="Interleaved"/> with a key and value head for every query head.</summary>
[Attention(dim: 16, heads: 4)]
[Rope(theta: 100, layout: RopeLayout.Interleaved)]
[Causal]
public partial class InterleavedFullHeads;

/// <summary><see cref="Interleaved"/> in the other pair layout.</summary>
[Attention(dim: 16, heads: 4)]
[GroupedQuery(kv: 2)]
[Rope(theta: 100, layout: RopeLayout.HalfSplit)]
[Causal]
public partial class HalfSplitTwin;

/// <summary><see cref="Interleaved"/> stretched by nothing.</summary>
[Attention(dim: 16, heads: 4)]
[GroupedQuery(kv: 2)]
[Rope(theta: 100, layout: RopeLayout.Interleaved)]
[Yarn(factor: 1, originalLength: 64, Rounded = true)]
[Causal]
public partial class StretchedByOne;

/// <summary><see cref="Interleaved"/> with segments and position ids.</summary>
[Attention(dim: 16, heads: 4)]
[GroupedQuery(kv: 2)]
[Rope(theta: 100, layout: RopeLayout.Interleaved)]
[Causal]
[Segments]
public partial class InterleavedSegments;

/// <summary><see cref="Plain"/> by another name.</summary>
[Attention(dim: 12, heads: 3)]
[SparseQuery(ratio: 1)]
[Causal]
public partial class RatioOne;

/// <summary><see cref="Plain"/> as a group per head.</summary>
[Attention(dim: 12, heads: 3)]
[GroupedQuery(kv: 3)]
[Causal]
public partial class GroupsOfOne;

/// <summary><see cref="Plain"/> for up to 17 tokens.</summary>
[Attention(dim: 12, heads: 3)]
[Causal]
[SlidingWindow(17)]
public partial class WideWindow;

/// <summary><see cref="Plain"/> as a window that hides every later key.</summary>
[Attention(dim: 12, heads: 3)]
[SlidingWindow(left: 1000, right: 0)]
public partial class LeftWindow;

/// <summary><see cref="Plain"/> with its default scale written down.</summary>
[Attention(dim: 12, heads: 3, headDim: 4)]
[QueryScale(preAttnScalar: 4)]
[Causal]
public partial class ScaleWritten;

/// <summary><see cref="Plain"/> aligned at the start: no difference for a block that sees itself.</summary>
[Attention(dim: 12, heads: 3)]
[Causal(CausalAlign.TopLeft)]
public partial class PlainTopLeft;

/// <summary><see cref="Plain"/> when the sink has no weight.</summary>
[Attention(dim: 12, heads: 3)]
[AttentionSink]
[Causal]
public partial class Sunk;

/// <summary><see cref="Plain"/> when the cap is out of reach.</summary>
[Attention(dim: 12, heads: 3)]
[LogitSoftCap(1e9)]
[Causal]
public partial class BarelyCapped;

/// <summary><see cref="Reversed"/> with its queries tiled in the projection.</summary>
[Attention(dim: 10, heads: 4, headDim: 4)]
[Rope(layout: RopeLayout.Interleaved)]
[AttentionSink]
[Causal]
public partial class ReversedFullHeads;

/// <summary><see cref="Normed"/> with gains stored as what is added to 1.</summary>
[Attention(dim: 12, heads: 3, headDim: 6)]
[QkNorm(Form = QkNormForm.OnePlus)]
[QueryScale(preAttnScalar: 5)]
[Rope(theta: 30)]
[Causal]
[SlidingWindow(3)]
public partial class NormedPlusOne;

/// <summary>No mask, no positions: the order of tokens means nothing.</summary>
[Attention(dim: 12, heads: 4, headDim: 3)]
[MultiQuery]
public partial class Unordered;

/// <summary><see cref="Unordered"/> with the sink.</summary>
[Attention(dim: 12, heads: 4, headDim: 3)]
[MultiQuery]
[AttentionSink]
public partial class UnorderedSunk;
