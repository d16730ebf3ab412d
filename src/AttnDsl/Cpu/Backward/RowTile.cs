using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>C[r, channel] += Σ_k A[r, k] · B[k, channel]: what sums over queries, with A the weights as they were stored, a key per row.</summary>
internal static unsafe class RowTile
{
    /// <summary>Widest tile, in vectors; a row of packed queries has as many.</summary>
    public const int Vectors = 2;

    /// <summary>Rows of a tile: with two vectors of channels 24 accumulators of 32 registers, or 12 of 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Rows<TLanes>()
        where TLanes : unmanaged, IKernelLanes<TLanes> => TLanes.TileRows == 8 ? 12 : 6;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TLanes>(int vectors, RowTileCall* call)
        where TLanes : unmanaged, IKernelLanes<TLanes>
    {
        if (TLanes.TileRows == 8)
        {
            if (vectors == 1)
            {
                RowTile12x1.Run<TLanes>(call);
            }
            else
            {
                RowTile12x2.Run<TLanes>(call);
            }
        }
        else if (vectors == 1)
        {
            RowTile6x1.Run<TLanes>(call);
        }
        else
        {
            RowTile6x2.Run<TLanes>(call);
        }
    }
}
