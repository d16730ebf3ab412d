namespace AttnDsl.Cpu;

/// <summary>What is known about the queries of a tile.</summary>
internal struct GradientTile
{
    /// <summary>First query, and how many.</summary>
    public int Token;
    public int Rows;
    public int Vectors;

    /// <summary>Keys that any query sees, and those that all see.</summary>
    public int AnyFirst;
    public int AnyEnd;
    public int AllFirst;
    public int AllEnd;

    public int SegmentLow;
    public int SegmentHigh;

    /// <summary>Whether any query sees a key of the job: only then the tile is packed.</summary>
    public bool Active;

    /// <summary>Whether queries and output gradients are finite.</summary>
    public bool Finite;

    /// <summary>Panels of the present key tile that are seen; none when equal.</summary>
    public int From;
    public int To;
}
