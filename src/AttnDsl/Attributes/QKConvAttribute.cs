using System;

namespace AttnDsl;

/// <summary>
/// Two short causal convolutions over the projected queries and keys: what a narrow head cannot say of one token it may gather from the last few.
/// </summary>
/// <remarks>
/// z = [q | k], Hq + Hk heads of d channels. First every channel over <c>seq</c> tokens, then every head, all its channels, over <c>head</c> tokens, each with a bias; both see the present and earlier tokens only.
/// Before a row's first token z is 0, once for both: rows before it leave the first convolution as its bias.
/// <para>Weights: <c>conv_seq.weight</c> (C, 1, seq), <c>conv_seq.bias</c> (C), <c>conv_head.weight</c> (C, d, head), <c>conv_head.bias</c> (C), C = (Hq + Hk)·d. A cache also keeps the last seq + head − 2 rows of z, whatever
/// the length: tokens can be taken back only from a snapshot or as far as <see cref="KvCache.Reserve"/> asked for.</para>
/// <para>"Compressed Convolutional Attention: Efficient Attention in a Compressed Latent Space", arXiv 2510.04476.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 2048, heads: 8, headDim: 128)]
/// [GroupedQuery(kv: 2)]
/// [QKConv(seq: 2, head: 2)]
/// [Rope]
/// [Causal]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class QKConvAttribute : AttentionDslAttribute
{
    /// <summary>Convolutions over <paramref name="seq"/> and <paramref name="head"/> tokens.</summary>
    /// <param name="seq">Tokens of the first one, channel by channel: at least 1.</param>
    /// <param name="head">Tokens of the second one, head by head: at least 1.</param>
    public QKConvAttribute(int seq = 2, int head = 2)
    {
        Seq = seq;
        Head = head;
    }

    /// <summary>Tokens of the convolution of every channel.</summary>
    public int Seq { get; }

    /// <summary>Tokens of the convolution of every head.</summary>
    public int Head { get; }
}
