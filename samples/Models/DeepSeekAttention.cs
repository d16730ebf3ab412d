using AttnDsl;

namespace Models;

/// <summary>DeepSeek-V2-Lite: keys and values of 16 heads from a latent of 512 channels, beside one rotary key of 64; the cache holds these 576 scalars a token.</summary>
[Attention(dim: 2048, heads: 16)]
[LatentKV(rank: 512, ropeDim: 64, nopeDim: 128, valueDim: 128)]
[Rope(theta: 10_000, layout: RopeLayout.Interleaved)]
[Yarn(factor: 40, originalLength: 4096, betaFast: 32, betaSlow: 1, mscale: 0.707)]
[Causal]
public partial class DeepSeekAttention;
