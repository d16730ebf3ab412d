using AttnDsl;

namespace Models;

/// <summary>Qwen3 0.6B: heads wider than their share of the model, queries and keys normalised before they are turned.</summary>
[Attention(dim: 1024, heads: 16, headDim: 128)]
[GroupedQuery(kv: 8)]
[QkNorm]
[Rope(theta: 1_000_000)]
[Causal]
public partial class QwenAttention;
