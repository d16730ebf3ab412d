using AttnDsl;

namespace Models;

/// <summary>Llama 3 8B: 32 query heads on 8 of keys and values, neighbouring channels turned together.</summary>
[Attention(dim: 4096, heads: 32)]
[GroupedQuery(kv: 8)]
[Rope(theta: 500_000, layout: RopeLayout.Interleaved)]
[Causal]
public partial class LlamaAttention;
