using System;

namespace AttnDsl;

/// <summary>
/// Query heads share fewer key/value heads in contiguous blocks: a smaller cache and less memory traffic when decoding.
/// </summary>
/// <remarks>
/// With Hq query heads and Hkv key/value heads, query head h reads key/value head h // (Hq / Hkv). Wk and Wv have shape (Hkv·d, D); the cache holds 2·Hkv·d scalars per token.
/// Hkv = Hq is multi-head attention, Hkv = 1 is <see cref="MultiQueryAttribute"/>.
/// <para>Hq must be a multiple of Hkv. The count is absolute: next to <see cref="SparseQueryAttribute"/> the block size is the reduced Hq / Hkv.</para>
/// <para>Ainslie et al., "GQA: Training Generalized Multi-Query Transformer Models from Multi-Head Checkpoints", arXiv 2305.13245.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 4096, heads: 32)]
/// [GroupedQuery(kv: 8)]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class GroupedQueryAttribute : AttentionDslAttribute
{
    /// <summary>Shares <paramref name="kv"/> key/value heads among the query heads.</summary>
    /// <param name="kv">Key/value heads Hkv: at least 1, and a divisor of the number of query heads.</param>
    public GroupedQueryAttribute(int kv)
    {
        Kv = kv;
    }

    /// <summary>Key/value heads Hkv.</summary>
    public int Kv { get; }
}
