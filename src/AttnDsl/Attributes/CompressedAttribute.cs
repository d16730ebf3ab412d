using System;

namespace AttnDsl;

/// <summary>
/// Compressed convolutional attention: queries, keys and values are projected down once and attention runs wholly in the narrow space. Parameters, cache and score work all fall by the factor.
/// </summary>
/// <remarks>
/// With a factor C the heads are d = D / (C·H) wide, H the declared heads. Two short causal convolutions (<see cref="QKConvAttribute"/>), the mean of queries and keys (<see cref="QKMeanAttribute"/>), values half of which come from the token
/// before (<see cref="ValueShiftAttribute"/>) and normalised queries and keys with a temperature (<see cref="QKL2NormAttribute"/>) make up for the lost width; each can be switched off. With <see cref="GroupedQueryAttribute"/> it is
/// CCGQA, whose keys and values are compressed further.
/// <para>"Compressed Convolutional Attention: Efficient Attention in a Compressed Latent Space", arXiv 2510.04476; ZAYA1, arXiv 2605.05365.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 2048, heads: 8, headDim: 128)]
/// [GroupedQuery(kv: 2)]
/// [Compressed(Temperature = Temperature.Raw)]
/// [Rope(theta: 5_000_000, rotaryDim: 64)]
/// [Causal]
/// public partial class ZayaAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class CompressedAttribute : AttentionDslAttribute
{
    /// <summary>Widths as the heads and the head width say, or as <see cref="QueryFactor"/> and <see cref="KvFactor"/> do.</summary>
    public CompressedAttribute()
    {
    }

    /// <summary>Queries, keys and values of D / <paramref name="factor"/> channels, cut into the declared heads.</summary>
    /// <param name="factor">Compression C: at least 1, and D must be a multiple of C·H.</param>
    public CompressedAttribute(int factor)
    {
        Factor = factor;
    }

    /// <summary>Compression C; 0 when the widths say it.</summary>
    public int Factor { get; }

    /// <summary>Compression of the queries, H·d = D / it, at least 1. In the place of a factor for all.</summary>
    public int QueryFactor { get; set; }

    /// <summary>Compression of keys and values, Hkv·d = D / it, at least 1: says their heads.</summary>
    public int KvFactor { get; set; }

    /// <summary>Tokens of the convolution of every channel, at least 1. Default 2.</summary>
    public int SeqKernel { get; set; } = 2;

    /// <summary>Tokens of the convolution of every head, at least 1. Default 2.</summary>
    public int HeadKernel { get; set; } = 2;

    /// <summary>How the factor on normalised keys is stored. Default: as its logarithm.</summary>
    public Temperature Temperature { get; set; }

    /// <summary>Whether queries and keys are convolved. Default: yes.</summary>
    public bool Convolution { get; set; } = true;

    /// <summary>Whether queries and keys share their mean. Default: yes.</summary>
    public bool QKMean { get; set; } = true;

    /// <summary>Whether half of the values come from the token before. Default: yes.</summary>
    public bool ValueShift { get; set; } = true;

    /// <summary>Whether queries and keys are normalised. Default: yes.</summary>
    public bool L2Norm { get; set; } = true;
}
