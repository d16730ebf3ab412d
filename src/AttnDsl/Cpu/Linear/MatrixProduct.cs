namespace AttnDsl.Cpu;

/// <summary>C = A · B, or C + A · B, for row-major matrices with any distance between rows; A and B may be stored the other way round.</summary>
internal unsafe struct MatrixProduct
{
    /// <summary>[Rows, Depth], or [Depth, Rows] when <see cref="DepthFirstA"/>.</summary>
    public float* A;
    public long AStride;
    public bool DepthFirstA;

    /// <summary>[Columns, Depth], or [Depth, Columns] when <see cref="DepthFirstB"/>.</summary>
    public float* B;
    public long BStride;
    public bool DepthFirstB;

    /// <summary>[Rows, Columns].</summary>
    public float* C;
    public long CStride;

    /// <summary>Added to every row, or null.</summary>
    public float* Bias;

    /// <summary>Adds to C instead of overwriting it; no bias then.</summary>
    public bool Accumulate;

    public int Rows;
    public int Columns;
    public int Depth;

    public readonly long MultiplyAdds => (long)Rows * Columns * Depth;
}
