using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>The register tiles by name of their size.</summary>
internal static unsafe class Tile
{
    /// <summary>Widest tile, in vectors.</summary>
    public const int Vectors = 3;

    /// <summary>Runs tiles of 1 to 3 vectors and as many rows as the registers allow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Run<TLanes, TMode>(int vectors, TileCall* call)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where TMode : struct, ITileMode
    {
        if (TLanes.TileRows == 8)
        {
            return vectors switch
            {
                1 => Tile8x1.Run<TLanes, TMode>(call),
                2 => Tile8x2.Run<TLanes, TMode>(call),
                _ => Tile8x3.Run<TLanes, TMode>(call),
            };
        }

        return vectors switch
        {
            1 => Tile4x1.Run<TLanes, TMode>(call),
            2 => Tile4x2.Run<TLanes, TMode>(call),
            _ => Tile4x3.Run<TLanes, TMode>(call),
        };
    }
}
