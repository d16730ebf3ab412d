namespace AttnDsl.Cpu;

/// <summary><see cref="HeadRows{T}"/> held still for the time of a call.</summary>
internal unsafe struct RowsPointer<T>
    where T : unmanaged
{
    public T* Values;
    public long RowStride;
    public long TokenStride;
    public long HeadStride;

    public readonly T* At(int row, int token, int head) => Values + (row * RowStride) + (token * TokenStride) + (head * HeadStride);
}
