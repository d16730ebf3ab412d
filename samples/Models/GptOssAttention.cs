using AttnDsl;

namespace Models;

/// <summary>gpt-oss 20B, a layer with a window: a learned logit per head, a rotation stretched by YaRN, biases everywhere.</summary>
[Attention(dim: 2880, heads: 64, headDim: 64, Bias = true, OutputBias = true)]
[GroupedQuery(kv: 8)]
[Rope(theta: 150_000)]
[Yarn(factor: 32, originalLength: 4096)]
[Causal]
[SlidingWindow(128)]
[AttentionSink]
public partial class GptOssAttention;

/// <summary>gpt-oss 20B, the layers between: the same without a window.</summary>
[Attention(dim: 2880, heads: 64, headDim: 64, Bias = true, OutputBias = true)]
[GroupedQuery(kv: 8)]
[Rope(theta: 150_000)]
[Yarn(factor: 32, originalLength: 4096)]
[Causal]
[AttentionSink]
public partial class GptOssFullAttention;
