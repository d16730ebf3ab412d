using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttnDsl;

/// <summary>A block whose first element lies on a cache line; it never moves.</summary>
internal readonly struct KvMemory<T>
    where T : unmanaged
{
    private const int Alignment = 64;

    private readonly T[]? _memory;
    private readonly int _start;

    /// <param name="elements">Its length, at most <see cref="Most"/>.</param>
    public unsafe KvMemory(int elements)
    {
        Length = elements;
        _memory = GC.AllocateUninitializedArray<T>(elements + (Alignment / sizeof(T)), pinned: true);
        fixed (T* first = _memory)
        {
            _start = (int)((Alignment - ((nuint)first % Alignment)) % Alignment / (nuint)sizeof(T));
        }
    }

    /// <summary>Elements of the largest block there can be, alignment included.</summary>
    public static int Most => Array.MaxLength - Alignment;

    public int Length { get; }

    public unsafe long Bytes => (long)Length * sizeof(T);

    public Span<T> Values => _memory.AsSpan(_start, Length);

    /// <summary>The first element, as long as this is held; null where there is no memory.</summary>
    public unsafe T* First => _memory is null ? null : (T*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_memory)) + _start;
}
