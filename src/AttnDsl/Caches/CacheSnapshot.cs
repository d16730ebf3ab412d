using System;
using System.Collections.Generic;
using AttnDsl.Runtime;

namespace AttnDsl;

/// <summary>
/// What the rows of a cache held at one moment; see <see cref="StackCache.Snapshot"/>. A paged cache keeps the pages of its snapshots until they are disposed of; a contiguous one copies.
/// </summary>
public sealed class CacheSnapshot : IDisposable
{
    private KvKept? _kept;

    internal CacheSnapshot(StackCache owner, int[] lengths, int[][]? segments, int[][]? positions, List<StateCopy<float>?> states, KvKept kept)
    {
        Owner = owner;
        Lengths = lengths;
        Segments = segments;
        Positions = positions;
        States = states;
        _kept = kept;
    }

    internal StackCache Owner { get; }

    internal int[] Lengths { get; }

    internal int[][]? Segments { get; }

    internal int[][]? Positions { get; }

    /// <summary>Per layer; null for a layer without constant states.</summary>
    internal List<StateCopy<float>?> States { get; }

    internal KvKept Kept => _kept ?? throw new ObjectDisposedException(nameof(CacheSnapshot));

    /// <summary>Lets go of what the snapshot holds. Calling it again does nothing.</summary>
    public void Dispose()
    {
        _kept?.Release();
        _kept = null;
    }
}
