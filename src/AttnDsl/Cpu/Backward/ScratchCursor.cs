namespace AttnDsl.Cpu;

/// <summary>Cuts a block into aligned pieces; without a block it only counts.</summary>
internal unsafe struct ScratchCursor(float* memory)
{
    /// <summary>Floats taken.</summary>
    public long Used { get; private set; }

    public float* Take(long floats)
    {
        float* piece = memory + Used;
        Used += Workspace.Padded(floats);
        return piece;
    }
}
