using AttnDsl;

namespace TrainText;

/// <summary>The attention of a model that learns characters from nothing: four query heads over two key and value heads.</summary>
[Attention(dim: 128, heads: 4)]
[GroupedQuery(kv: 2)]
[Rope]
[Causal]
public partial class CharacterAttention;

/// <summary>The attention of the TinyStories models of width 64, as llama2.c exports them.</summary>
[Attention(dim: 64, heads: 8)]
[GroupedQuery(kv: 4)]
[Rope(theta: 10000, layout: RopeLayout.Interleaved)]
[Causal]
public partial class StoriesAttention;
