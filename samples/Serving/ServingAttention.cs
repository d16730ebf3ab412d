using AttnDsl;

namespace Serving;

/// <summary>
/// The attention of the TinyStories models of width 64, for many sequences at once: rows of unequal length ([Segments]), cached in pages that sequences with the same beginning share.
/// </summary>
[Attention(dim: 64, heads: 8)]
[GroupedQuery(kv: 4)]
[Rope(theta: 10000, layout: RopeLayout.Interleaved)]
[Causal]
[Segments]
[KvCache(Storage = CacheStorage.Paged, PageSize = 16)]
public partial class ServingAttention;
