using System;
using System.Runtime.InteropServices;

namespace AttnDsl.Cpu;

/// <summary>Native scratch memory, aligned to cache lines, that grows and is used again. Contents are undefined.</summary>
internal sealed unsafe class Workspace
{
    private const int Alignment = 64;

    private float* _memory;

    ~Workspace() => Free();

    /// <summary>Floats held.</summary>
    public long Capacity { get; private set; }

    /// <summary>Memory for at least this many floats; what an earlier call returned is no longer valid.</summary>
    /// <exception cref="OutOfMemoryException">The system has no such block.</exception>
    public float* Reserve(long floats)
    {
        if (floats > Capacity)
        {
            Free();
            _memory = (float*)NativeMemory.AlignedAlloc(checked((nuint)floats * sizeof(float)), Alignment);
            Capacity = floats;
        }

        return _memory;
    }

    public void Free()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
        Capacity = 0;
    }

    /// <summary>Rounds up to whole cache lines, so that parts of one reservation stay aligned.</summary>
    public static long Padded(long floats) => (floats + 15) & ~15L;
}
