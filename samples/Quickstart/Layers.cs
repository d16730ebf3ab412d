using AttnDsl;

namespace Quickstart;

// Nine layers of one width. Each class is empty: the compiler writes Spec, Weights, Reference, Cpu and Cache into it.

/// <summary>Every query head with its own key and value head.</summary>
[Attention(dim: 128, heads: 8)]
[Rope(theta: 10_000)]
[Causal]
public partial class MultiHead;

/// <summary>Llama style: query heads share key and value heads.</summary>
[Attention(dim: 128, heads: 8)]
[GroupedQuery(kv: 2)]
[Rope(theta: 500_000, layout: RopeLayout.Interleaved)]
[Causal]
public partial class Grouped;

/// <summary>The same with half the bytes: keys and values are cached as bfloat16.</summary>
[Attention(dim: 128, heads: 8)]
[GroupedQuery(kv: 2)]
[Rope(theta: 500_000, layout: RopeLayout.Interleaved)]
[Causal]
[KvCache(Element = CacheElement.BFloat16)]
public partial class Compact;

/// <summary>Half the query heads: half the score work.</summary>
[Attention(dim: 128, heads: 8)]
[SparseQuery(ratio: 2)]
[GroupedQuery(kv: 2)]
[Rope(theta: 10_000)]
[Causal]
public partial class SparseGrouped;

/// <summary>Qwen style: normalised queries and keys, head width of its own.</summary>
[Attention(dim: 128, heads: 8, headDim: 32)]
[GroupedQuery(kv: 2)]
[QkNorm]
[Rope(theta: 1_000_000)]
[Causal]
public partial class Normalised;

/// <summary>Gemma style: scores squashed before the mask, a scale of its own.</summary>
[Attention(dim: 128, heads: 8)]
[GroupedQuery(kv: 4)]
[QueryScale(preAttnScalar: 24)]
[LogitSoftCap(50)]
[Rope(theta: 10_000)]
[Causal]
[SlidingWindow(64)]
public partial class Capped;

/// <summary>gpt-oss style: sinks, a window, a stretched rotation, biases everywhere.</summary>
[Attention(dim: 128, heads: 4, headDim: 64, Bias = true, OutputBias = true)]
[GroupedQuery(kv: 2)]
[Rope(theta: 150_000)]
[Yarn(factor: 32, originalLength: 4096)]
[Causal]
[SlidingWindow(128)]
[AttentionSink]
public partial class Sinks;

/// <summary>One key and value head, distances instead of rotations.</summary>
[Attention(dim: 128, heads: 8)]
[MultiQuery]
[Alibi]
[Causal]
public partial class Linear;

/// <summary>An encoder layer over ragged batches: both directions, rows of any length.</summary>
[Attention(dim: 128, heads: 8)]
[Rope(theta: 10_000)]
[Bidirectional]
[Segments]
public partial class Encoder;
