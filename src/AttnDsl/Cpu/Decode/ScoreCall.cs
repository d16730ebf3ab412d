namespace AttnDsl.Cpu;

/// <summary>A group of queries, [load][vector][query][lane].</summary>
internal unsafe struct ScoreCall
{
    public float* Query;

    /// <summary>Lane masks of the channels that the last load has to itself.</summary>
    public float* Fresh;

    /// <summary>Loads before the one that overlaps.</summary>
    public int Full;

    public bool HasTail;

    /// <summary>First channel of the load that overlaps.</summary>
    public int Tail;

    /// <summary>Floats from one query's scores to the next one's.</summary>
    public int ScoreRow;
}
