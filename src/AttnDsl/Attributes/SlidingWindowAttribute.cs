using System;

namespace AttnDsl;

/// <summary>
/// A token sees only keys near it: cost and cache traffic stop growing with the context.
/// </summary>
/// <remarks>
/// With p = i + S − T the query's place among the keys: <c>[SlidingWindow(W)]</c>, which needs <see cref="CausalAttribute"/>, keeps p − W &lt; j ≤ p, that is W keys with the query's own;
/// <c>[SlidingWindow(left, right)]</c> keeps p − left ≤ j ≤ p + right. So W equals left = W − 1 (flash-attention counts that way).
/// <para>W ≥ 1; left, right ≥ 0.</para>
/// <para>Beltagy et al., "Longformer: The Long-Document Transformer", arXiv 2004.05150; Gemma 2, arXiv 2408.00118 (window 4096); gpt-oss, arXiv 2508.10925 (window 128).</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 2880, heads: 64, headDim: 64)]
/// [Causal]
/// [SlidingWindow(128)]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class SlidingWindowAttribute : AttentionDslAttribute
{
    /// <summary>The last <paramref name="size"/> keys, the query's own included.</summary>
    /// <param name="size">Visible keys W, at least 1.</param>
    public SlidingWindowAttribute(int size)
    {
        Size = size;
    }

    /// <summary>Keys from <paramref name="left"/> before to <paramref name="right"/> after the query's own place.</summary>
    /// <param name="left">Keys before the query, at least 0.</param>
    /// <param name="right">Keys after the query, at least 0.</param>
    public SlidingWindowAttribute(int left, int right)
    {
        Left = left;
        Right = right;
    }

    /// <summary>Visible keys W of the one-sided form; 0 in the two-sided one.</summary>
    public int Size { get; }

    /// <summary>Keys before the query in the two-sided form.</summary>
    public int Left { get; }

    /// <summary>Keys after the query in the two-sided form.</summary>
    public int Right { get; }
}
