using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>Memory that the next loop will read, without gaps, and how much of it has been asked for.</summary>
internal unsafe struct Lookahead
{
    private readonly byte* _end;
    private readonly long _step;
    private byte* _due;

    /// <summary>The next byte to ask for. Mapped memory even where nothing is asked for: looking up other addresses would cost more than it saves.</summary>
    public byte* At;

    /// <summary>Memory that is to be asked for in the course of a loop.</summary>
    /// <param name="start">First byte.</param>
    /// <param name="bytes">Length; 0 asks for nothing.</param>
    /// <param name="steps">Steps of the loop.</param>
    public Lookahead(void* start, long bytes, int steps)
    {
        At = (byte*)start;
        _due = At;
        _end = At + bytes;
        _step = bytes / steps;
    }

    /// <summary>Nothing.</summary>
    /// <param name="mapped">Any address that can be read.</param>
    public static Lookahead None(void* mapped) => new(mapped, 0, 1);

    /// <summary>Bytes per step of an inner loop: none once everything has been asked for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Pace(int bytes) => At < _end ? bytes : 0;

    /// <summary>Notes up to where an inner loop has asked; where that lags behind the outer loop's progress, the rest follows.</summary>
    /// <param name="at">Where it stopped.</param>
    /// <param name="steps">Steps of the outer loop that this was.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance<TLanes>(byte* at, int steps)
        where TLanes : unmanaged, IKernelLanes<TLanes>
    {
        At = at;
        _due += _step * steps;
        while (At < _due)
        {
            Prefetching.Ahead<TLanes>(At, Prefetching.Line);
            At += Prefetching.Line;
        }
    }
}
