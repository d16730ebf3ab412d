using System;
using AttnDsl.Space.Stacks;

namespace AttnDsl.Space.Numbers;

/// <summary>A ring's numbers, read off the attribute by hand.</summary>
internal sealed class RingFacts(Use ring)
{
    public long Recent { get; } = ring["recent"]!.Whole;

    public long Sinks { get; } = ring["sinks"]?.Whole ?? 0;

    public bool BySlot { get; } = ring["Positions"]?.Member == "Slot";

    public bool Trims { get; } = ring["Evict"]?.Member == "TrimAfter";

    /// <summary>Old tokens that a decoded one sees at most.</summary>
    public long Seen => Sinks + Recent - (Trims ? 0 : 1);

    /// <summary>Whether a step of so many tokens, the first of number <paramref name="first"/>, has token j: a new one, a sink, or one of the last.</summary>
    public bool Has(int j, int first, int count) => j < Sinks || j >= first - Last(count);

    /// <summary>Tokens between the sinks and the last ones.</summary>
    public int Gone(int first, int count) => (int)Math.Max(0, first - Last(count) - Sinks);

    private long Last(int count) => !Trims && count <= Recent ? Recent - count : Recent;
}
