namespace AttnDsl;

/// <summary>How a paged cache cuts its memory.</summary>
/// <param name="PageSize">Tokens of a page, at least 1. A multiple of 8 is read in place; other sizes are brought together as they are read.</param>
/// <param name="Pages">Pages of all rows together, at least 1, reserved at once; null: grows as needed.</param>
public readonly record struct CachePaging(int PageSize, int? Pages = null);

/// <summary>Where the pages of a cache are.</summary>
/// <param name="PageSize">Tokens of a page.</param>
/// <param name="Total">Pages there are.</param>
/// <param name="Free">Pages nobody holds.</param>
/// <param name="Shared">Pages that several rows or snapshots hold.</param>
/// <param name="Entries">Pages that rows would hold if none were shared.</param>
public readonly record struct CachePages(int PageSize, int Total, int Free, int Shared, int Entries)
{
    /// <summary>Pages that rows or snapshots hold.</summary>
    public int Held => Total - Free;
}
