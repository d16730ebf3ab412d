namespace AttnDsl;

/// <summary>What the distance between two tokens of a ring is.</summary>
public enum RingPositions
{
    /// <summary>Tokens between them, those that were let go of included.</summary>
    Absolute,

    /// <summary>Places between them in the cache, as StreamingLLM counts: never more than the ring has.</summary>
    Slot,
}
