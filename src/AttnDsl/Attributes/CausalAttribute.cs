using System;

namespace AttnDsl;

/// <summary>
/// A token sees itself and earlier ones only. Decoding token by token, and so a cache, exists for causal stacks alone.
/// </summary>
/// <remarks>
/// Key j is visible to query i if j ≤ i + S − T (bottom-right, the default) or j ≤ i (top-left); the two differ only when T ≠ S. A query that sees no key gets output 0.
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 2048, heads: 32)]
/// [Causal]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class CausalAttribute : AttentionDslAttribute
{
    /// <summary>Masks the future.</summary>
    /// <param name="align">Where the diagonal lies when there are more keys than queries; anything but bottom-right excludes a cache.</param>
    public CausalAttribute(CausalAlign align = CausalAlign.BottomRight)
    {
        Align = align;
    }

    /// <summary>Where the diagonal lies when there are more keys than queries.</summary>
    public CausalAlign Align { get; }
}
