using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>
/// Neighbouring query tiles whose weights lie side by side, so that the products that sum over queries run deep before their accumulators go back to memory.
/// </summary>
internal static class Strip
{
    /// <summary>Queries of a strip, and floats of a row of weights.</summary>
    public const int Lanes = 96;

    /// <summary>Query tiles of a strip.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Tiles<TLanes>()
        where TLanes : unmanaged, IKernelLanes<TLanes> => Lanes / TileLanes<TLanes>();

    /// <summary>Queries of a tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int TileLanes<TLanes>()
        where TLanes : unmanaged, IKernelLanes<TLanes> => Tile.Vectors * TLanes.Count;
}
