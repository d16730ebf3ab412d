using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>
/// Neighbouring query tiles whose weights lie side by side, so that the products that sum over queries run deeper before their accumulators go back to memory.
/// </summary>
internal static class Strip
{
    /// <summary>Query tiles of a strip.</summary>
    public const int Tiles = 2;

    /// <summary>Queries of a tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int TileLanes<TLanes>()
        where TLanes : unmanaged, IKernelLanes<TLanes> => Tile.Vectors * TLanes.Count;

    /// <summary>Queries of a strip.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Lanes<TLanes>()
        where TLanes : unmanaged, IKernelLanes<TLanes> => Tiles * Tile.Vectors * TLanes.Count;
}
