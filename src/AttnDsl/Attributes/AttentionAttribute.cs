using System;

namespace AttnDsl;

/// <summary>
/// The root of a stack: makes the compiler write an attention layer into this partial class. Alone it is multi-head attention: H heads of width d, every head with its own keys and values, no mask, no positions.
/// </summary>
/// <remarks>
/// q = x Wqᵀ, k = x Wkᵀ, v = x Wvᵀ with x of shape [B, T, D] and Wq, Wk, Wv of shape (H·d, D);
/// o_i = Σ_j softmax_j(⟨q_i, k_j⟩ / √d) v_j per head; output = concat(o) Woᵀ with Wo of shape (D, H·d), again [B, T, D].
/// <para>Weights: <c>q_proj.weight</c>, <c>k_proj.weight</c>, <c>v_proj.weight</c>, <c>o_proj.weight</c>, and <c>.bias</c> of each where <see cref="Bias"/> or <see cref="OutputBias"/> says so.</para>
/// <para>Vaswani et al., "Attention Is All You Need", arXiv 1706.03762.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 2048, heads: 32)]
/// [GroupedQuery(kv: 8)]
/// [Rope(theta: 500_000)]
/// [Causal]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class AttentionAttribute : AttentionDslAttribute
{
    /// <summary>Heads whose width is <paramref name="dim"/> / <paramref name="heads"/>.</summary>
    /// <param name="dim">Channels D of the layer's input and output, at least 1; a multiple of <paramref name="heads"/>.</param>
    /// <param name="heads">Heads H, at least 1.</param>
    public AttentionAttribute(int dim, int heads)
    {
        Dim = dim;
        Heads = heads;
    }

    /// <summary>Heads of a width of their own; H·d need not be D (Qwen3, Gemma, gpt-oss).</summary>
    /// <param name="dim">Channels D of the layer's input and output, at least 1.</param>
    /// <param name="heads">Heads H, at least 1.</param>
    /// <param name="headDim">Channels d of one head, at least 1.</param>
    public AttentionAttribute(int dim, int heads, int headDim)
        : this(dim, heads)
    {
        HeadDim = headDim;
    }

    /// <summary>Channels D of the layer's input and output.</summary>
    public int Dim { get; }

    /// <summary>Heads H as declared; attributes such as <see cref="SparseQueryAttribute"/> reduce the number of query heads, never the head width.</summary>
    public int Heads { get; }

    /// <summary>Channels d of one head, at least 1. When it is not written, D / H, which must then be whole.</summary>
    public int HeadDim { get; set; }

    /// <summary>Whether the query, key and value projections have biases. Default: no.</summary>
    public bool Bias { get; set; }

    /// <summary>Whether the output projection has a bias. Default: no.</summary>
    public bool OutputBias { get; set; }
}
