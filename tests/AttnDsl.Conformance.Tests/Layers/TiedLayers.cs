namespace AttnDsl.Conformance.Tests.Layers;

/// <summary>Tied states in pages whose length no kernel likes.</summary>
[Attention(dim: 16, heads: 4, headDim: 8)]
[GroupedQuery(kv: 2)]
[TiedKV(ropeDim: 4)]
[Rope]
[Causal]
[KvCache(Storage = CacheStorage.Paged, PageSize = 5)]
public partial class TiedPaged;

/// <summary>Two bytes a cached scalar.</summary>
[Attention(dim: 16, heads: 4, headDim: 8)]
[MultiQuery]
[TiedKV(ropeDim: 4)]
[Rope]
[Causal]
[KvCache(Element = CacheElement.BFloat16)]
public partial class TiedHalved;

/// <summary>Codes from the ninth token on.</summary>
[Attention(dim: 16, heads: 4, headDim: 8)]
[GroupedQuery(kv: 2)]
[TiedKV(ropeDim: 4)]
[Rope]
[Causal]
[QuantizedCache(bits: 8, Group = 4, Residual = 8)]
public partial class TiedCoded;

/// <summary>Tied states without a bias of the shared key.</summary>
[Attention(dim: 12, heads: 4, headDim: 6)]
[GroupedQuery(kv: 2)]
[TiedKV(ropeDim: 4, RopeBias = false)]
[Rope(theta: 100, layout: RopeLayout.Interleaved)]
[Causal]
public partial class TiedUnbiased;

/// <summary>The same layer when each key head keeps a copy of what it shares, its turning channels first.</summary>
[Attention(dim: 12, heads: 4, headDim: 6)]
[GroupedQuery(kv: 2)]
[Rope(theta: 100, rotaryDim: 4, layout: RopeLayout.Interleaved)]
[Causal]
public partial class TiedWrittenOut;
