using System;
using System.Globalization;

namespace AttnDsl;

/// <summary>A cache that keeps the first and the last tokens of a row only.</summary>
/// <param name="Recent">Last tokens that are kept, at least 1.</param>
/// <param name="Sinks">First tokens that are kept, at least 0.</param>
/// <param name="Evict">When tokens between them go.</param>
public readonly record struct CacheRing(int Recent, int Sinks = 0, RingEviction Evict = RingEviction.RoomBefore)
{
    /// <summary>Throws unless there can be such a ring.</summary>
    internal void Check(string parameter)
    {
        if (Recent < 1 || Sinks < 0 || (long)Recent + Sinks > Array.MaxLength)
        {
            throw new ArgumentOutOfRangeException(
                parameter,
                this,
                string.Create(CultureInfo.InvariantCulture, $"{parameter}: expected at least 1 recent token and at least 0 sinks, {Array.MaxLength} at most together, got {Recent} and {Sinks}"));
        }

        if (Evict is not (RingEviction.RoomBefore or RingEviction.TrimAfter))
        {
            throw new ArgumentOutOfRangeException(parameter, this, $"{parameter}: expected to evict RoomBefore or TrimAfter");
        }
    }
}
