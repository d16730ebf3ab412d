using System;

namespace AttnDsl;

/// <summary>
/// All query heads share one key/value head: the smallest cache that grouped heads can have. The same as <c>[GroupedQuery(kv: 1)]</c>.
/// </summary>
/// <remarks>
/// Wk and Wv have shape (d, D); the cache holds 2·d scalars per token.
/// <para>Shazeer, "Fast Transformer Decoding: One Write-Head is All You Need", arXiv 1911.02150.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 2048, heads: 16)]
/// [MultiQuery]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class MultiQueryAttribute : AttentionDslAttribute
{
    /// <summary>One key/value head for all query heads.</summary>
    public MultiQueryAttribute()
    {
    }
}
