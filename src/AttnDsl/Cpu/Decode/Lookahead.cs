using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>Memory that the next loop will read, without gaps, and how much of it has been asked for.</summary>
internal unsafe struct Lookahead
{
    private readonly byte* _start;
    private readonly byte* _end;

    /// <summary>The next byte to ask for. Mapped memory even where nothing is asked for: looking up other addresses would cost more than it saves.</summary>
    public byte* At;

    public Lookahead(void* start, long bytes)
    {
        _start = (byte*)start;
        _end = _start + bytes;
        At = _start;
    }

    /// <summary>Bytes per step: none once everything has been asked for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Pace(int bytes) => At < _end ? bytes : 0;

    /// <summary>Notes what a loop asked for; where that lags behind the loop's progress, the rest follows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance<TLanes>(long bytes, int done, int count)
        where TLanes : unmanaged, IKernelLanes<TLanes>
    {
        At += bytes;
        byte* due = _start + ((_end - _start) * Math.Min(done, count) / count);
        while (At < due)
        {
            Prefetching.Ahead<TLanes>(At, Prefetching.Line);
            At += Prefetching.Line;
        }
    }
}
