// The stacks of the recordings; the file stands alone because the cost tests compile it a second time, with counters.
#pragma warning disable ATTN0215 // The reversed variant costs what its score maps cost; that is what its recording is about.
#pragma warning disable ATTN0703, ATTN0711 // Recorded at widths where ranks save nothing.
#pragma warning disable ATTN0753 // One value head is recorded as half of two tokens.

namespace AttnDsl.Conformance.Tests.Layers;

/// <summary>gqa-llama3-rope-interleaved.</summary>
[Attention(dim: 48, heads: 6)]
[GroupedQuery(kv: 2)]
[Rope(theta: 500000, layout: RopeLayout.Interleaved)]
[Causal]
public partial class GqaLlama3;

/// <summary>gqa-qwen3-qknorm-halfsplit-window.</summary>
[Attention(dim: 48, heads: 6, headDim: 16)]
[GroupedQuery(kv: 2)]
[QkNorm]
[Rope(theta: 1000000, layout: RopeLayout.HalfSplit)]
[Causal]
[SlidingWindow(7)]
public partial class GqaQwen3;

/// <summary>gqa-gptoss-sink-yarn-window-bias.</summary>
[Attention(dim: 40, heads: 4, headDim: 32, Bias = true, OutputBias = true)]
[GroupedQuery(kv: 2)]
[Rope(theta: 150000, layout: RopeLayout.HalfSplit)]
[Yarn(factor: 32, originalLength: 4096)]
[Causal]
[SlidingWindow(8)]
[AttentionSink]
public partial class GqaGptOss;

/// <summary>gqa-gemma2-softcap.</summary>
[Attention(dim: 40, heads: 4, headDim: 16)]
[GroupedQuery(kv: 2)]
[QueryScale(preAttnScalar: 24)]
[LogitSoftCap(5)]
[Rope(layout: RopeLayout.HalfSplit)]
[Causal]
public partial class GqaGemma2;

/// <summary>gqa-alibi-softcap-window-core; only the core is recorded.</summary>
[Attention(dim: 96, heads: 6)]
[GroupedQuery(kv: 2)]
[LogitSoftCap(8)]
[Alibi]
[Causal]
[SlidingWindow(10)]
public partial class GqaAlibiCore;

/// <summary>sqa-sqa.</summary>
[Attention(dim: 48, heads: 8, OutputBias = true)]
[SparseQuery(ratio: 2)]
[GroupedQuery(kv: 2)]
[Rope(layout: RopeLayout.Interleaved)]
[Causal]
public partial class Sqa;

/// <summary>sqa-ssqa-bidirectional.</summary>
[Attention(dim: 48, heads: 8, Bias = true, OutputBias = true)]
[SymmetricSparseQuery]
[Rope(layout: RopeLayout.Interleaved)]
public partial class SqaSymmetric;

/// <summary>sqa-xsmqa.</summary>
[Attention(dim: 48, heads: 8, OutputBias = true)]
[ExtremeSparseQuery(ratio: 4)]
[MultiQuery]
[Rope(layout: RopeLayout.Interleaved)]
[Causal]
public partial class SqaExtreme;

/// <summary>sqa-rsqa.</summary>
[Attention(dim: 48, heads: 8, OutputBias = true)]
[ReverseSparseQuery(heads: 2, kv: 4)]
[Rope(layout: RopeLayout.Interleaved)]
[Causal]
public partial class SqaReverse;

/// <summary>mla-qlora.</summary>
[Attention(dim: 48, heads: 4)]
[LatentKV(rank: 24, ropeDim: 8, nopeDim: 16, valueDim: 16)]
[LowRankQuery(rank: 32)]
[Rope(layout: RopeLayout.Interleaved)]
[Causal]
public partial class MlaLowRank;

/// <summary>mla-noqlora-odd.</summary>
[Attention(dim: 48, heads: 3)]
[LatentKV(rank: 20, ropeDim: 8, nopeDim: 12, valueDim: 10)]
[Rope(layout: RopeLayout.Interleaved)]
[Causal]
public partial class MlaDirect;

/// <summary>mla-yarn.</summary>
[Attention(dim: 48, heads: 3)]
[LatentKV(rank: 16, ropeDim: 16, nopeDim: 8, valueDim: 12)]
[LowRankQuery(rank: 24)]
[Rope(layout: RopeLayout.Interleaved)]
[Yarn(factor: 4, originalLength: 16, betaFast: 4, betaSlow: 1, mscale: 0.707)]
[Causal]
public partial class MlaYarn;

/// <summary>diffqkv-sigma-augq.</summary>
[Attention(dim: 48, heads: 8)]
[GroupedQuery(keyHeads: 2, valueHeads: 4)]
[AugmentedQuery(width: 72)]
[Rope(theta: 50000, layout: RopeLayout.HalfSplit)]
[Causal]
public partial class DiffSigma;

/// <summary>diffqkv-half-k-dim.</summary>
[Attention(dim: 40, heads: 8, headDim: 8)]
[GroupedQuery(keyHeads: 2, valueHeads: 4)]
[KeyWidth(4)]
[Rope(layout: RopeLayout.HalfSplit)]
[Causal]
public partial class DiffNarrowKeys;

#pragma warning disable ATTN0781 // A module that evaluates only.
/// <summary>diffqkv-selective-v.</summary>
[Attention(dim: 40, heads: 8, headDim: 8)]
[GroupedQuery(keyHeads: 2, valueHeads: 4)]
[SelectiveValue(top: 5)]
[Rope(layout: RopeLayout.HalfSplit)]
[Causal]
public partial class DiffSelective;
#pragma warning restore ATTN0781

/// <summary>cca-ccgqa.</summary>
[Attention(dim: 64, heads: 4, headDim: 8)]
[GroupedQuery(kv: 2)]
[Compressed(Temperature = Temperature.Raw)]
[Rope(theta: 5000000, rotaryDim: 4, layout: RopeLayout.HalfSplit)]
[Causal]
public partial class CompressedGrouped;

/// <summary>cca-mha-c4.</summary>
[Attention(dim: 64, heads: 2)]
[Compressed(factor: 4)]
[Rope(layout: RopeLayout.HalfSplit)]
[Causal]
public partial class CompressedFour;

/// <summary>cca-mqa-k34.</summary>
[Attention(dim: 48, heads: 3, headDim: 8, Bias = true, OutputBias = true)]
[MultiQuery]
[Compressed(SeqKernel = 3, HeadKernel = 4, Temperature = Temperature.Raw)]
[Rope(theta: 1000000, rotaryDim: 4, layout: RopeLayout.HalfSplit)]
[Causal]
public partial class CompressedMultiQuery;
