using AttnDsl;

namespace Models;

/// <summary>ZAYA1 8B: attention in a space half as wide for queries and an eighth for keys and values, with convolutions, shared means, shifted values and unit lengths.</summary>
[Attention(dim: 2048, heads: 8, headDim: 128)]
[GroupedQuery(kv: 2)]
[Compressed(Temperature = Temperature.Raw)]
[Rope(theta: 5_000_000, rotaryDim: 64)]
[Causal]
public partial class ZayaAttention;
