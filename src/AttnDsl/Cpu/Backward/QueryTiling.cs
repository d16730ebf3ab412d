using System;

namespace AttnDsl.Cpu;

/// <summary>How the queries of a batch row are cut into strips and tiles. The first strip takes the remainder: under a causal mask it sees least.</summary>
/// <param name="count">Queries.</param>
/// <param name="tileLanes">Queries of a tile.</param>
internal readonly struct QueryTiling(int count, int tileLanes)
{
    private readonly int _stripTiles = Strip.Lanes / tileLanes;

    /// <summary>Strips, each of the same number of tiles; in the first one the last tiles may be empty.</summary>
    public int Strips { get; } = (count + Strip.Lanes - 1) / Strip.Lanes;

    /// <summary>Tiles, empty ones included.</summary>
    public int Tiles => Strips * _stripTiles;

    /// <summary>First query of a tile.</summary>
    public int Token(int tile)
    {
        int strip = tile / _stripTiles;
        int start = strip == 0 ? 0 : count - ((Strips - strip) * Strip.Lanes);
        return start + (tile % _stripTiles * tileLanes);
    }

    /// <summary>Queries of a tile.</summary>
    public int Rows(int tile)
    {
        int strip = tile / _stripTiles;
        int end = count - ((Strips - strip - 1) * Strip.Lanes);
        return Math.Clamp(end - Token(tile), 0, tileLanes);
    }
}
