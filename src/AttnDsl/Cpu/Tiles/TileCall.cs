namespace AttnDsl.Cpu;

/// <summary>
/// Operands of a run of register tiles, C[r, lane] = Init[r, lane] + Σ_k A[k, r] · B[k, lane] for consecutive panels of A. Counts are floats.
/// </summary>
internal unsafe struct TileCall
{
    /// <summary>First panel: [Depth][rows of the tile], packed.</summary>
    public float* A;

    /// <summary>From one panel to the next.</summary>
    public nint AStep;

    /// <summary>[Depth][lanes].</summary>
    public float* B;

    public nint BRow;

    /// <summary>What the accumulators start at; in exponential runs, what is added at the end.</summary>
    public float* Init;

    /// <summary>0 repeats one row.</summary>
    public nint InitRow;

    /// <summary>From one panel to the next.</summary>
    public nint InitStep;

    public float* C;

    public nint CRow;

    /// <summary>From one panel to the next.</summary>
    public nint CStep;

    public nint Depth;

    public nint Panels;

    /// <summary>Exponential runs only: Σ over rows of what is stored, added per lane.</summary>
    public float* Sums;

    /// <summary>Exponential runs only: <see cref="Exp2Constants.Table"/>.</summary>
    public float* Constants;
}
