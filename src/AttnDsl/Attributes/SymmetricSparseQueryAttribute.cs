using System;

namespace AttnDsl;

/// <summary>
/// Sparse query attention with half the heads on both sides: Hq = Hkv = H / 2 (sSQA). The same as <c>[SparseQuery(ratio: 2)]</c> without shared key/value heads.
/// </summary>
/// <remarks>
/// H must be even. The cache holds H·d scalars per token. See <see cref="SparseQueryAttribute"/>.
/// <para>"Sparse Query Attention (SQA)", arXiv 2510.01817, variant sSQA.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 256, heads: 16)]
/// [SymmetricSparseQuery]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class SymmetricSparseQueryAttribute : AttentionDslAttribute
{
    /// <summary>Half the query heads and as many key/value heads.</summary>
    public SymmetricSparseQueryAttribute()
    {
    }
}
