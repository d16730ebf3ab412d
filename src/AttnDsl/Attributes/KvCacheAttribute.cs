using System;

namespace AttnDsl;

/// <summary>
/// How the layer's cache stores what it keeps per token. Without this attribute a causal layer is cached in float32.
/// </summary>
/// <remarks>
/// What is kept follows from the other attributes: for plain attention keys (after rotation) and values, 2·H<sub>kv</sub>·d scalars per token, which <c>Spec.CacheScalarsPerToken</c> states;
/// this attribute chooses the bytes per scalar. Storage is contiguous, one block [heads, capacity, width] per row and stream: growing by doubling, or of a capacity fixed when the cache is made.
/// Decoding reads the whole visible cache once per step, so half the bytes are nearly half the time. Arithmetic stays float32. Cached keys and values are rounded once, when they are appended;
/// a block attends to its own tokens as they are stored. No weights.
/// <para>Needs <see cref="CausalAttribute"/>: only a causal layer can reuse what earlier tokens left.</para>
/// <para>Pope et al., "Efficiently Scaling Transformer Inference", arXiv 2211.05102.</para>
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
}
