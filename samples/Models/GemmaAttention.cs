using AttnDsl;

namespace Models;

/// <summary>Gemma 2 9B, a layer with a window: scores squashed to ±50, a scale of its own.</summary>
[Attention(dim: 3584, heads: 16, headDim: 256)]
[GroupedQuery(kv: 8)]
[QueryScale(preAttnScalar: 256)]
[LogitSoftCap(50)]
[Rope(theta: 10_000)]
[Causal]
[SlidingWindow(4096)]
public partial class GemmaAttention;
