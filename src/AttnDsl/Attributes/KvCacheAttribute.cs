using System;

namespace AttnDsl;

/// <summary>
/// How the layer's cache stores what it keeps per token. Without this attribute a causal layer is cached in float32.
/// </summary>
/// <remarks>
/// What is kept follows from the other attributes: for plain attention keys (after rotation) and values, 2·H<sub>kv</sub>·d scalars per token, which <c>Spec.CacheScalarsPerToken</c> states;
/// this attribute chooses the bytes per scalar and where they lie. Contiguous storage is one block [heads, capacity, width] per row and stream: growing by doubling, or of a capacity fixed when the cache is made.
/// Paged storage takes pages of <c>PageSize</c> tokens from a pool that all rows share, as PagedAttention does: forks and beams share pages and copy one only when they write into it. Kernels read either in place.
/// Decoding reads the whole visible cache once per step, so half the bytes are nearly half the time. Keys and values may differ: rounded keys move every weight, rounded values only what is summed. Arithmetic stays float32. Cached keys and values are rounded once, when they are appended;
/// a block attends to its own tokens as they are stored. No weights.
/// <para>Needs <see cref="CausalAttribute"/>: only a causal layer can reuse what earlier tokens left.</para>
/// <para>Pope et al., "Efficiently Scaling Transformer Inference", arXiv 2211.05102. Kwon et al., "Efficient Memory Management for Large Language Model Serving with PagedAttention", arXiv 2309.06180.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 4096, heads: 32)]
/// [GroupedQuery(kv: 8)]
/// [Causal]
/// [KvCache(Element = CacheElement.BFloat16)]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class KvCacheAttribute : AttentionDslAttribute
{
    /// <summary>How a cached scalar is stored. Default <see cref="CacheElement.Float32"/>.</summary>
    public CacheElement Element { get; set; } = CacheElement.Float32;

    /// <summary>How a scalar of the keys is stored. Default: as <see cref="Element"/> says. For layers that keep keys and values apart.</summary>
    public CacheElement KeyElement { get; set; }

    /// <summary>How a scalar of the values is stored. Default: as <see cref="Element"/> says. For layers that keep keys and values apart.</summary>
    public CacheElement ValueElement { get; set; }

    /// <summary>Where tokens lie. Default <see cref="CacheStorage.Contiguous"/>.</summary>
    public CacheStorage Storage { get; set; } = CacheStorage.Contiguous;

    /// <summary>Tokens of a page, at least 1; for <see cref="CacheStorage.Paged"/>. Default 16. Multiples of 8 are read fastest.</summary>
    public int PageSize { get; set; } = 16;
}
