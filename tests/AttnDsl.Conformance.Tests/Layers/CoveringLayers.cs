// Small stacks that together use every attribute and every way in which two of them meet in the maths.
#pragma warning disable ATTN0215 // The reversed variant costs what its score maps cost.
#pragma warning disable ATTN0750 // Rows of unequal length need [Segments], and so does their test.
#pragma warning disable ATTN0752 // Small layers need not be narrow.
#pragma warning disable ATTN0753 // An odd number of value heads is legal, and so tested.
#pragma warning disable ATTN0703 // Latents of small layers are narrower than a head.
#pragma warning disable ATTN0740 // More key heads than value heads are legal, and so tested.

namespace AttnDsl.Conformance.Tests.Layers;

[Attention(dim: 12, heads: 3)]
[Causal]
public partial class Plain;

[Attention(dim: 12, heads: 4, headDim: 6, Bias = true, OutputBias = true)]
[GroupedQuery(kv: 2)]
[Bidirectional]
public partial class Biased;

[Attention(dim: 16, heads: 4)]
[GroupedQuery(kv: 2)]
[Rope(theta: 100, layout: RopeLayout.Interleaved)]
[Causal]
public partial class Interleaved;

[Attention(dim: 12, heads: 3, headDim: 8)]
[MultiQuery]
[Rope(theta: 50, layout: RopeLayout.HalfSplit, rotaryDim: 4)]
[Causal]
public partial class PartlyRotated;

[Attention(dim: 10, heads: 2, headDim: 10)]
[Rope(20, RopeLayout.Interleaved, RotaryDim = 6, FrequencyStride = 2)]
public partial class Strided;

[Attention(dim: 12, heads: 3, headDim: 6)]
[QkNorm]
[QueryScale(preAttnScalar: 5)]
[Rope(theta: 30)]
[Causal]
[SlidingWindow(3)]
public partial class Normed;

[Attention(dim: 12, heads: 4, headDim: 5, Bias = true)]
[GroupedQuery(kv: 2)]
[QkNorm(Form = QkNormForm.OnePlus, Eps = 1e-3)]
[QueryScale(Scale = 0.7)]
[Bidirectional]
[SlidingWindow(2, 1)]
public partial class NormedOnePlus;

[Attention(dim: 8, heads: 2)]
[Rope(theta: 10)]
[LogitSoftCap(0.8)]
[Causal]
public partial class Capped;

[Attention(dim: 18, heads: 6, OutputBias = true)]
[GroupedQuery(kv: 3)]
[Alibi]
[AttentionSink]
[Causal]
[SlidingWindow(4)]
public partial class AlibiSink;

[Attention(dim: 9, heads: 3)]
[Alibi]
[LogitSoftCap(2)]
[Bidirectional]
public partial class AlibiBothSides;

[Attention(dim: 8, heads: 4, headDim: 4)]
[GroupedQuery(kv: 2)]
[Rope(theta: 40, layout: RopeLayout.Interleaved)]
[Causal]
[Segments]
public partial class Segmented;

[Attention(dim: 8, heads: 2)]
[Rope(theta: 25)]
[SlidingWindow(left: 1, right: 2)]
[AttentionSink]
[Segments]
public partial class SegmentedBothSides;

[Attention(dim: 10, heads: 8, headDim: 4)]
[ReverseSparseQuery(heads: 2, kv: 4)]
[Rope(layout: RopeLayout.Interleaved)]
[AttentionSink]
[Causal]
public partial class Reversed;

[Attention(dim: 10, heads: 8, headDim: 4, Bias = true)]
[SparseQuery(Heads = 6)]
[GroupedQuery(kv: 3)]
[Rope(theta: 60)]
[Causal]
[SlidingWindow(5)]
[Segments]
public partial class Sparse;

[Attention(dim: 10, heads: 2, headDim: 16)]
[Rope(theta: 1000)]
[Yarn(factor: 4, originalLength: 300, betaFast: 8, betaSlow: 1)]
[Causal]
public partial class Stretched;

[Attention(dim: 10, heads: 2, headDim: 16)]
[Rope(theta: 1000, layout: RopeLayout.Interleaved)]
[Yarn(factor: 6, originalLength: 50, betaFast: 4, betaSlow: 1, mscale: 0.7, Rounded = true, ScaleOn = YarnScale.Softmax)]
[Causal]
public partial class StretchedRounded;

/// <summary>The ramp's two ends clamp to the same pair.</summary>
[Attention(dim: 8, heads: 2, headDim: 8)]
[Rope(theta: 1000, rotaryDim: 6)]
[Yarn(factor: 3, originalLength: 5, Rounded = true)]
[Causal]
public partial class StretchedClamped;

[Attention(dim: 8, heads: 2)]
[Alibi]
[Causal(CausalAlign.TopLeft)]
public partial class TopLeft;

[Attention(dim: 12, heads: 4, headDim: 6, Bias = true, OutputBias = true)]
[GroupedQuery(kv: 2)]
[QkNorm]
[QueryScale(preAttnScalar: 4)]
[Rope(theta: 500, layout: RopeLayout.Interleaved)]
[Yarn(factor: 4, originalLength: 40, betaFast: 3, betaSlow: 1, mscale: 0.5, Rounded = true, ScaleOn = YarnScale.Softmax)]
[LogitSoftCap(3)]
[Causal]
[SlidingWindow(6)]
[Segments]
[AttentionSink]
public partial class Everything;

[Attention(dim: 10, heads: 12, headDim: 3)]
[GroupedQuery(keyHeads: 3, valueHeads: 4)]
[AugmentedQuery(width: 7)]
[QkNorm]
[Alibi]
[AttentionSink]
[Causal]
public partial class Differential;

[Attention(dim: 10, heads: 4, headDim: 6, Bias = true)]
[GroupedQuery(keyHeads: 4, valueHeads: 2)]
[AugmentedQuery(width: 5)]
[KeyWidth(3)]
[QkNorm]
[Rope(theta: 70, layout: RopeLayout.Interleaved, rotaryDim: 4)]
[Causal]
[SlidingWindow(5)]
[Segments]
public partial class Narrowed;

[Attention(dim: 9, heads: 3)]
[GroupedQuery(keyHeads: 1, valueHeads: 3)]
[KeyWidth(2)]
[Bidirectional]
public partial class NarrowedBothSides;

[Attention(dim: 10, heads: 4, headDim: 3)]
[GroupedQuery(keyHeads: 2, valueHeads: 4)]
[QKConv(seq: 3, head: 2)]
[QkNorm]
[AttentionSink]
[Causal]
public partial class Convolved;

[Attention(dim: 9, heads: 4, headDim: 4, Bias = true)]
[GroupedQuery(kv: 1)]
[QKMean]
[QKL2Norm(Temperature.Raw)]
[Rope(theta: 30, layout: RopeLayout.Interleaved)]
[Bidirectional]
public partial class MeanAndLength;

[Attention(dim: 10, heads: 3, headDim: 4, Bias = true)]
[ValueShift]
[Alibi]
[Causal]
[SlidingWindow(4)]
public partial class Shifted;

[Attention(dim: 12, heads: 6)]
[GroupedQuery(kv: 2)]
[AugmentedQuery(width: 5)]
[QKConv(seq: 1, head: 3)]
[QKMean]
[ValueShift]
[QKL2Norm]
[Rope(theta: 20, rotaryDim: 2)]
[LogitSoftCap(4)]
[Causal]
public partial class CompressedParts;

[Attention(dim: 10, heads: 8, headDim: 6, Bias = true, OutputBias = true)]
[SparseQuery(ratio: 2)]
[GroupedQuery(kv: 2)]
[TiedKV(ropeDim: 4)]
[LowRankQuery(rank: 5)]
[QkNorm]
[Rope(theta: 40, rotaryDim: 2, layout: RopeLayout.Interleaved)]
[LogitSoftCap(4)]
[AttentionSink]
[Segments]
[Causal]
[SlidingWindow(6)]
public partial class TiedEverything;

[Attention(dim: 9, heads: 3, headDim: 5)]
[TiedKV(ropeDim: 2, RopeBias = false)]
[Rope(theta: 30)]
public partial class TiedBothSides;

[Attention(dim: 10, heads: 4, headDim: 6, Bias = true, OutputBias = true)]
[GroupedLatentKV(groups: 2, rank: 7, ropeDim: 2, NopeDim = 4, DecodePath = DecodePath.Absorb)]
[LowRankQuery(rank: 5)]
[Rope(theta: 20, layout: RopeLayout.Interleaved)]
[Segments]
[Causal]
[SlidingWindow(7)]
public partial class GroupedLatentsBiased;
