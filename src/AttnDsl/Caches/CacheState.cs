namespace AttnDsl;

/// <summary>What a layer keeps of a sequence whatever its length: the last rows of something, which a convolution or a shift over time needs to go on.</summary>
/// <param name="Name">Unique in the layer.</param>
/// <param name="Rows">Rows kept, at least 1.</param>
/// <param name="Width">Scalars of a row, at least 1.</param>
public sealed record CacheState(string Name, int Rows, int Width)
{
    /// <summary>Scalars of a sequence.</summary>
    public long Scalars => (long)Rows * Width;
}
