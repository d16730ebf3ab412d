namespace AttnDsl;

/// <summary>One thing a layer keeps per token, such as its keys: <paramref name="Heads"/> × <paramref name="Width"/> scalars.</summary>
/// <param name="Name">What is kept.</param>
/// <param name="Heads">Heads per token, at least 1.</param>
/// <param name="Width">Scalars per head, at least 1.</param>
public readonly record struct CacheStream(string Name, int Heads, int Width)
{
    /// <summary>How this stream's scalars are stored; null: as the cache's are.</summary>
    public CacheElement? Element { get; init; }

    /// <summary>Stored as whole numbers so; null: as scalars.</summary>
    public CacheQuantization? Quantization { get; init; }

    /// <summary>How a ring turns this stream's sinks: by the tokens it has let go of, so that distances are those between places of the ring; null: they stay as they were appended.</summary>
    public CacheRotation? SinkRotation { get; init; }

    /// <summary>Scalars per token of this stream.</summary>
    public long ScalarsPerToken => (long)Heads * Width;
}
