using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace AttnDsl.Cpu;

/// <summary>
/// Memory asked for while other memory is being worked on: a line for every line consumed, never in a burst, which would fill the queue of outstanding lines and stall the loads behind it.
/// </summary>
internal static unsafe class Prefetching
{
    public const int Line = 64;

    /// <summary>Whether it is worth its instructions; .NET has none on Arm, whose own prefetchers must do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsSupported<TLanes>()
        where TLanes : unmanaged, IKernelLanes<TLanes> => Sse.IsSupported && TLanes.Count >= 8;

    /// <summary>Asks for <paramref name="bytes"/>, rounded up to lines; a constant where it is called.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ahead<TLanes>(byte* at, int bytes)
        where TLanes : unmanaged, IKernelLanes<TLanes>
    {
        if (!IsSupported<TLanes>())
        {
            return;
        }

        Sse.Prefetch1(at);
        if (bytes > Line)
        {
            Sse.Prefetch1(at + Line);
        }

        if (bytes > 2 * Line)
        {
            Sse.Prefetch1(at + (2 * Line));
        }

        if (bytes > 3 * Line)
        {
            Sse.Prefetch1(at + (3 * Line));
        }

        if (bytes > 4 * Line)
        {
            Sse.Prefetch1(at + (4 * Line));
            Sse.Prefetch1(at + (5 * Line));
            Sse.Prefetch1(at + (6 * Line));
            Sse.Prefetch1(at + (7 * Line));
        }
    }
}
