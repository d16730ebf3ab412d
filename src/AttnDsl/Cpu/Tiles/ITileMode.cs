using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>What a tile does with its accumulators before it stores them.</summary>
internal unsafe interface ITileMode
{
    /// <summary>What an accumulator starts at: what is told, or 0 where that is added at the end.</summary>
    static abstract TLanes Start<TLanes>(float* told)
        where TLanes : unmanaged, IKernelLanes<TLanes>;

    /// <summary>Stores 2^c and sums it per lane; a panel whose sum grows out of bounds is given up.</summary>
    static abstract bool Exponential { get; }
}

/// <summary>Stores the sums of products.</summary>
internal readonly unsafe struct Plain : ITileMode
{
    public static bool Exponential => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Start<TLanes>(float* told)
        where TLanes : unmanaged, IKernelLanes<TLanes> => TLanes.Load(told);
}

/// <summary>
/// Stores their powers of two. What is told, −m, is added to the finished sum: an accumulator that started there would round every product to its size, which grows with the number of keys, and wide heads would feel it.
/// </summary>
internal readonly unsafe struct Exponential : ITileMode
{
    static bool ITileMode.Exponential => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Start<TLanes>(float* told)
        where TLanes : unmanaged, IKernelLanes<TLanes> => TLanes.Broadcast(0);

    /// <summary>Bound of a panel's lane sum: far above it floats overflow, far below it a maximum that is only roughly right loses nothing.</summary>
    public const float SumLimit = 1e12f;
}
