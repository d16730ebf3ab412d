using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttnDsl.Cpu;

/// <summary>Reads operands as float, whatever they are stored as: float, or bfloat16 bits in a ushort.</summary>
internal static unsafe class Element
{
    /// <summary>Four elements from here on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load4<T>(T* source)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            return Vector128.Load((float*)source);
        }

        // Bfloat16 is the upper half of a float.
        Vector64<ushort> bits = Vector64.Load((ushort*)source);
        return Vector128.ShiftLeft(Vector128.WidenLower(bits.ToVector128Unsafe()), 16).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load<T>(T* source)
        where T : unmanaged =>
        typeof(T) == typeof(float) ? *(float*)source : Unsafe.BitCast<uint, float>((uint)*(ushort*)source << 16);
}
