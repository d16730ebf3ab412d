using System;

namespace AttnDsl;

/// <summary>
/// Query heads share fewer key/value heads in contiguous blocks: a smaller cache and less memory traffic when decoding.
/// </summary>
/// <remarks>
/// With Hq query heads and Hkv key/value heads, query head h reads key/value head h // (Hq / Hkv). Wk and Wv have shape (Hkv·d, D); the cache holds 2·Hkv·d scalars per token.
/// Hkv = Hq is multi-head attention, Hkv = 1 is <see cref="MultiQueryAttribute"/>.
/// <para>Hq must be a multiple of Hkv. The count is absolute: next to <see cref="SparseQueryAttribute"/> the block size is the reduced Hq / Hkv.</para>
/// <para>Keys and values may have head counts of their own: query head h then reads key head h // (Hq / Hk) and value head h // (Hq / Hv), and the cache holds (Hk + Hv)·d scalars per token.
/// Each count must divide Hq; they need not divide each other. Models lose less when keys are the scarcer ones.</para>
/// <para>Ainslie et al., "GQA: Training Generalized Multi-Query Transformer Models from Multi-Head Checkpoints", arXiv 2305.13245. Two counts: "Sigma: Differential Rescaling of Query, Key and Value for Efficient Language Models", arXiv 2501.13629.</para>
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
        KeyHeads = kv;
        ValueHeads = kv;
    }

    /// <summary>Shares <paramref name="keyHeads"/> key heads and <paramref name="valueHeads"/> value heads among the query heads.</summary>
    /// <param name="keyHeads">Key heads Hk: at least 1, and a divisor of the number of query heads.</param>
    /// <param name="valueHeads">Value heads Hv: at least 1, and a divisor of the number of query heads.</param>
    public GroupedQueryAttribute(int keyHeads, int valueHeads)
    {
        KeyHeads = keyHeads;
        ValueHeads = valueHeads;
    }

    /// <summary>Key/value heads Hkv; 0 where keys and values have counts of their own.</summary>
    public int Kv { get; }

    /// <summary>Key heads Hk.</summary>
    public int KeyHeads { get; }

    /// <summary>Value heads Hv.</summary>
    public int ValueHeads { get; }
}
