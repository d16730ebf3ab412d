namespace AttnDsl;

/// <summary>How a cached scalar is stored.</summary>
public enum CacheElement
{
    /// <summary>4 bytes, exact for float32 layers.</summary>
    Float32,

    /// <summary>2 bytes: the upper half of a float, rounded to nearest, ties to even. Relative error up to 2^−8.</summary>
    BFloat16,
}
