namespace AttnDsl;

/// <summary>Where a cache puts its tokens.</summary>
public enum CacheStorage
{
    /// <summary>Every row has a block of its own, [heads, capacity, width] per stream.</summary>
    Contiguous,

    /// <summary>Rows take pages [heads, page size, width] of a common pool as they grow, and rows that began alike share them until one of them writes.</summary>
    Paged,
}
