using AttnDsl;

namespace Stories;

/// <summary>
/// The attention of the TinyStories models of width 64: eight query heads over four key/value heads, rotated in interleaved pairs, causal.
/// Every layer of the model shares this class; what differs from layer to layer is its <c>Weights</c> and its cache.
/// </summary>
[Attention(dim: 64, heads: 8)]
[GroupedQuery(kv: 4)]
[Rope(theta: 10000, layout: RopeLayout.Interleaved)]
[Causal]
public partial class StoriesAttention;
