using System;
using System.Threading;

namespace AttnDsl.Cpu;

/// <summary>How many threads the CPU kernels use when a call does not say.</summary>
public static class CpuThreads
{
    private static int _count = Environment.ProcessorCount;

    /// <summary>Threads per call, the calling one included; at first the processors of this machine. Results have the same bits for every value.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to less than 1 or more than 1024.</exception>
    public static int Count
    {
        get => Volatile.Read(ref _count);
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxCount);
            Volatile.Write(ref _count, value);
        }
    }

    internal const int MaxCount = 1024;

    /// <summary>What a call runs on: its own wish, or the process-wide count when that is 0.</summary>
    internal static int Resolve(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, MaxCount);
        return threads == 0 ? Count : threads;
    }
}
