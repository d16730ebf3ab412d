namespace AttnDsl.Benchmarks;

/// <summary>The layer that whole-layer figures are taken of.</summary>
[Attention(dim: 1024, heads: 16)]
[GroupedQuery(kv: 4)]
[Rope]
[Causal]
internal partial class TimedLayer;
