using System;

namespace AttnDsl.Cpu;

/// <summary>How the queries of a batch row are cut into strips and tiles. The first strip takes the remainder: under a causal mask it sees least.</summary>
/// <param name="count">Queries.</param>
/// <param name="tileLanes">Queries of a tile.</param>
internal readonly struct QueryTiling(int count, int tileLanes)
{
    /// <summary>Strips; the tiles of strip s are s · <see cref="Strip.Tiles"/> and those after it, the last of which may be empty in the first strip.</summary>
    public int Strips { get; } = (count + (Strip.Tiles * tileLanes) - 1) / (Strip.Tiles * tileLanes);

    /// <summary>Tiles, empty ones included.</summary>
    public int Tiles => Strips * Strip.Tiles;

    /// <summary>First query of a tile.</summary>
    public int Token(int tile)
    {
        int strip = tile / Strip.Tiles;
        int start = strip == 0 ? 0 : count - ((Strips - strip) * Strip.Tiles * tileLanes);
        return start + (tile % Strip.Tiles * tileLanes);
    }

    /// <summary>Queries of a tile.</summary>
    public int Rows(int tile)
    {
        int strip = tile / Strip.Tiles;
        int end = count - ((Strips - strip - 1) * Strip.Tiles * tileLanes);
        return Math.Clamp(end - Token(tile), 0, tileLanes);
    }
}
