namespace AttnDsl.Cpu;

/// <summary>Operands of a run of row tiles, one below the other. Counts are floats.</summary>
internal unsafe struct RowTileCall
{
    /// <summary>First row; rows lie <see cref="Strip.Lanes"/> apart.</summary>
    public float* A;

    /// <summary>[Depth][<see cref="RowTile.Vectors"/> vectors].</summary>
    public float* B;

    public float* C;

    public nint CRow;

    public nint Depth;

    /// <summary>Tiles.</summary>
    public nint Blocks;
}
