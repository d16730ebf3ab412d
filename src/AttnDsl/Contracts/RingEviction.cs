namespace AttnDsl;

/// <summary>When a ring of S sinks and R recent tokens lets go of what lies between them. A prompt longer than R attends to everything that is there, with either.</summary>
public enum RingEviction
{
    /// <summary>Before n new tokens: they attend to the sinks, the last R − n cached tokens and themselves, S + R keys at most.</summary>
    RoomBefore,

    /// <summary>After them: they attend to the sinks, the last R cached tokens and themselves; one new token sees S + R + 1 keys.</summary>
    TrimAfter,
}
