// Stacks for the edges of the kernels: long enough rows, odd head widths, both cache elements.
#pragma warning disable ATTN0215 // The reversed variant costs what its score maps cost.

namespace AttnDsl.Conformance.Tests.Cpu;

[Attention(dim: 24, heads: 6)]
[GroupedQuery(kv: 2)]
[Rope]
[Causal]
[Segments]
public partial class CausalRagged;

[Attention(dim: 20, heads: 4, headDim: 16, Bias = true, OutputBias = true)]
[GroupedQuery(kv: 2)]
[QkNorm]
[QueryScale(preAttnScalar: 8)]
[Rope(layout: RopeLayout.Interleaved)]
[LogitSoftCap(6)]
[Causal]
[SlidingWindow(21)]
[Segments]
[AttentionSink]
public partial class WindowRagged;

[Attention(dim: 12, heads: 3, headDim: 8, OutputBias = true)]
[Rope]
[Bidirectional]
[Segments]
public partial class BothSidesRagged;

[Attention(dim: 12, heads: 3, headDim: 8)]
[MultiQuery]
[Alibi]
[Bidirectional]
[SlidingWindow(left: 19, right: 7)]
public partial class BothSidesWindow;

[Attention(dim: 12, heads: 8, headDim: 4)]
[ReverseSparseQuery(heads: 3, kv: 6)]
[Rope]
[AttentionSink]
[Causal]
public partial class Tiled;

[Attention(dim: 6, heads: 6, headDim: 1)]
[GroupedQuery(kv: 3)]
[Causal]
public partial class Width1;

[Attention(dim: 12, heads: 2, headDim: 8)]
[Rope]
[Causal]
public partial class Width8;

[Attention(dim: 12, heads: 5, headDim: 31)]
[MultiQuery]
[Causal]
public partial class Width31;

[Attention(dim: 12, heads: 4, headDim: 80)]
[GroupedQuery(kv: 2)]
[Rope]
[Causal]
public partial class Width80;

[Attention(dim: 12, heads: 2, headDim: 576)]
[MultiQuery]
[Rope(layout: RopeLayout.Interleaved)]
[Causal]
public partial class Width576;

/// <summary>Without rotation and norm, so that identity weights make the layer its attention core.</summary>
[Attention(dim: 24, heads: 3)]
[MultiQuery]
[Causal]
[Segments]
[KvCache(Element = CacheElement.BFloat16)]
public partial class Halved;

/// <summary>Heads that fill a vector of bfloat16 on every path.</summary>
[Attention(dim: 128, heads: 4)]
[MultiQuery]
[Causal]
[KvCache(Element = CacheElement.BFloat16)]
public partial class HalvedWide;

/// <summary>Rounded keys beside values as they are.</summary>
[Attention(dim: 24, heads: 3)]
[MultiQuery]
[Causal]
[Segments]
[KvCache(KeyElement = CacheElement.BFloat16)]
public partial class HalvedKeys;

/// <summary>The same of heads that fill a vector, in pages.</summary>
[Attention(dim: 128, heads: 4)]
[MultiQuery]
[Causal]
[KvCache(KeyElement = CacheElement.BFloat16, Storage = CacheStorage.Paged, PageSize = 5)]
public partial class HalvedWideKeys;

/// <summary>Rounded values beside keys as they are.</summary>
[Attention(dim: 128, heads: 4)]
[MultiQuery]
[Causal]
[KvCache(Element = CacheElement.BFloat16, KeyElement = CacheElement.Float32)]
public partial class HalvedWideValues;

/// <summary><see cref="Halved"/> with nothing rounded.</summary>
[Attention(dim: 24, heads: 3)]
[MultiQuery]
[Causal]
[Segments]
public partial class Unhalved;

/// <summary><see cref="HalvedWide"/> with nothing rounded.</summary>
[Attention(dim: 128, heads: 4)]
[MultiQuery]
[Causal]
public partial class UnhalvedWide;

/// <summary>Large enough for several threads, and for a context that decoding cuts.</summary>
[Attention(dim: 64, heads: 4, headDim: 32, Bias = true)]
[GroupedQuery(kv: 2)]
[QkNorm]
[QueryScale(preAttnScalar: 32)]
[Rope]
[Causal]
[AttentionSink]
public partial class Shared64;

/// <summary>So narrow that T · T numbers anywhere would dwarf all else.</summary>
[Attention(dim: 16, heads: 8, headDim: 2)]
[Causal]
public partial class Slim;
