using System;

namespace AttnDsl;

/// <summary>
/// The layer takes batches whose rows differ: rows of unequal length, position ids, and several sequences packed into one row.
/// </summary>
/// <remarks>
/// At run time <see cref="TokenRows.Ragged"/> brings lengths, positions (what <see cref="RopeAttribute"/> turns by) and segment ids; query i sees key j only if both have the same segment id.
/// Without this attribute a layer refuses such rows, and pays nothing for them.
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 768, heads: 12)]
/// [Rope]
/// [Segments]
/// public partial class MyEncoder;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class SegmentsAttribute : AttentionDslAttribute
{
    /// <summary>Takes ragged rows.</summary>
    public SegmentsAttribute()
    {
    }
}
