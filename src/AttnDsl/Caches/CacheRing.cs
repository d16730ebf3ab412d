namespace AttnDsl;

/// <summary>A cache that keeps the first and the last tokens of a row only.</summary>
/// <param name="Recent">Last tokens that are kept, at least 1.</param>
/// <param name="Sinks">First tokens that are kept, at least 0.</param>
/// <param name="Evict">When tokens between them go.</param>
public readonly record struct CacheRing(int Recent, int Sinks = 0, RingEviction Evict = RingEviction.RoomBefore);
