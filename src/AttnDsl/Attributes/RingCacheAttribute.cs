using System;

namespace AttnDsl;

/// <summary>
/// The layer's cache keeps a row's first tokens (sinks) and its last ones, as StreamingLLM does: its size does not grow with the context.
/// </summary>
/// <remarks>
/// Of a row's tokens p₀, p₁, … the first S = <see cref="Sinks"/> and the last R = <see cref="Recent"/> are kept. n new tokens attend to what is kept and, causally, to themselves:
/// with <see cref="RingEviction.RoomBefore"/> to the sinks and the last R − n old tokens, so that one token sees S + R keys with itself; with <see cref="RingEviction.TrimAfter"/> to the sinks and the last R, S + R + 1 keys.
/// More than R new tokens attend to all that is kept, with either. Training and a prompt in one call attend to everything, as without this attribute, so outputs depend on how a context is cut into calls once it is longer than S + R;
/// a <see cref="SlidingWindowAttribute"/> of at most R tokens makes <see cref="RingEviction.TrimAfter"/> exact.
/// <para>
/// With <see cref="RingPositions.Absolute"/> distances are those between tokens as they were written. With <see cref="RingPositions.Slot"/> they are those between places in the cache, so that none exceeds S + R: rotary keys of sinks are
/// turned by the number of tokens that have been let go of, a rotation from what was appended each time, and <see cref="AlibiAttribute"/> goes by places.
/// </para>
/// <para>
/// A row takes S + R + 1 tokens of 2·H<sub>kv</sub>·d scalars, and with turned sinks S keys more: <c>Spec.ConstantStateScalars</c>; <c>Reserve(n)</c> takes room for n instead of 1, so that n tokens can be taken back. Nothing ever moves in the ring, and kernels read it in place. No weights.
/// </para>
/// <para>Needs <see cref="CausalAttribute"/>; goes neither with pages nor with codes. Xiao et al., "Efficient Streaming Language Models with Attention Sinks", arXiv 2309.17453.</para>
/// </remarks>
/// <example>
/// <code>
/// [Attention(dim: 4096, heads: 32)]
/// [GroupedQuery(kv: 8)]
/// [Rope(theta: 500_000)]
/// [Causal]
/// [RingCache(recent: 1020, sinks: 4, Positions = RingPositions.Slot)]
/// public partial class MyAttention;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class RingCacheAttribute : AttentionDslAttribute
{
    /// <summary>The cache keeps a row's first and last tokens.</summary>
    /// <param name="recent">Last tokens that are kept, at least 1.</param>
    /// <param name="sinks">First tokens that are kept, at least 0.</param>
    public RingCacheAttribute(int recent, int sinks = 0)
    {
        Recent = recent;
        Sinks = sinks;
    }

    /// <summary>Last tokens R that are kept, at least 1.</summary>
    public int Recent { get; }

    /// <summary>First tokens S that are kept, at least 0.</summary>
    public int Sinks { get; }

    /// <summary>What a distance between tokens is. Default <see cref="RingPositions.Absolute"/>.</summary>
    public RingPositions Positions { get; set; } = RingPositions.Absolute;

    /// <summary>When tokens are let go of. Default <see cref="RingEviction.RoomBefore"/>.</summary>
    public RingEviction Evict { get; set; } = RingEviction.RoomBefore;
}
