using AttnDsl;

namespace Models;

/// <summary>Sigma 1.5B: keys shared by more heads than values, and a feed-forward on the query, which no cache keeps.</summary>
[Attention(dim: 2048, heads: 32)]
[GroupedQuery(keyHeads: 4, valueHeads: 16)]
[AugmentedQuery(width: 3072)]
[Rope(theta: 50_000)]
[Causal]
public partial class SigmaAttention;
