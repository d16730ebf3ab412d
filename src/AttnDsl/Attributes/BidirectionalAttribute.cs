using System;

namespace AttnDsl;

/// <summary>
/// Every token sees every token. That is the default; the attribute says it aloud, and excludes <see cref="CausalAttribute"/>.
/// </summary>
/// <remarks>
/// No key is masked but padding and other segments. There is no cache and no decoding.
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 768, heads: 12)]
/// [Bidirectional]
/// public partial class MyEncoder;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class BidirectionalAttribute : AttentionDslAttribute
{
    /// <summary>No mask.</summary>
    public BidirectionalAttribute()
    {
    }
}
