using System;

namespace AttnDsl;

/// <summary>
/// Sparse query attention with a quarter of the heads or fewer (xSQA; with <see cref="MultiQueryAttribute"/> xSMQA). The same as <c>[SparseQuery(ratio: n)]</c> with n of at least 4.
/// </summary>
/// <remarks>
/// Hq = H / ratio; key/value heads as in <see cref="SparseQueryAttribute"/>.
/// <para>"Sparse Query Attention (SQA)", arXiv 2510.01817, variants xSQA and xSMQA.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 256, heads: 16)]
/// [ExtremeSparseQuery(ratio: 4)]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class ExtremeSparseQueryAttribute : AttentionDslAttribute
{
    /// <summary>Keeps one query head in <paramref name="ratio"/>.</summary>
    /// <param name="ratio">Reduction: a divisor of the declared heads; below 4 the name does not fit, which is a warning.</param>
    public ExtremeSparseQueryAttribute(int ratio)
    {
        Ratio = ratio;
    }

    /// <summary>Declared heads per query head that remains.</summary>
    public int Ratio { get; }
}
