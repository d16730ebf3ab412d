using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttnDsl.Cpu;

/// <summary>
/// How the channels of a head are cut into loads of one vector register. A load of float gives one vector; one of bfloat16 gives two, the even and the odd channels, because shifting bits in place is all that takes.
/// Queries and outputs are kept in that order. The last load ends with the head and overlaps the one before it where the width is no multiple.
/// </summary>
internal readonly struct Channels
{
    private readonly int _lanes;

    private Channels(int width, int lanes, int vectors)
    {
        Width = width;
        _lanes = lanes;
        Vectors = vectors;
        Full = width / PerLoad;
        Loads = (width + PerLoad - 1) / PerLoad;
    }

    public int Width { get; }

    /// <summary>Vectors per load.</summary>
    public int Vectors { get; }

    /// <summary>Loads that overlap none.</summary>
    public int Full { get; }

    public int Loads { get; }

    public int PerLoad => _lanes * Vectors;

    /// <summary>Floats of a head in the order of the loads.</summary>
    public int Floats => Loads * PerLoad;

    /// <summary>A head of <paramref name="width"/> elements, at least one load wide.</summary>
    public static Channels Of<TLanes, T>(int width)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where T : unmanaged => new(width, TLanes.Count, typeof(T) == typeof(float) ? 1 : 2);

    /// <summary>First channel of a load.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Start(int load) => load < Full ? load * PerLoad : Width - PerLoad;

    /// <summary>Channel of a float in the order of the loads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int At(int load, int slot) => Start(load) + (Vectors == 1 ? slot : (2 * (slot % _lanes)) + (slot / _lanes));

    /// <summary>Bfloat16 bits to the floats at even and odd places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Widen<TLanes>(ushort* source, out TLanes even, out TLanes odd)
        where TLanes : unmanaged, IKernelLanes<TLanes>
    {
        if (typeof(TLanes) == typeof(Lanes512))
        {
            Vector512<uint> bits = Vector512.Load((uint*)source);
            even = Unsafe.BitCast<Vector512<uint>, TLanes>(bits << 16);
            odd = Unsafe.BitCast<Vector512<uint>, TLanes>(bits & Vector512.Create(0xFFFF0000u));
        }
        else if (typeof(TLanes) == typeof(Lanes256))
        {
            Vector256<uint> bits = Vector256.Load((uint*)source);
            even = Unsafe.BitCast<Vector256<uint>, TLanes>(bits << 16);
            odd = Unsafe.BitCast<Vector256<uint>, TLanes>(bits & Vector256.Create(0xFFFF0000u));
        }
        else
        {
            Vector128<uint> bits = Vector128.Load((uint*)source);
            even = Unsafe.BitCast<Vector128<uint>, TLanes>(bits << 16);
            odd = Unsafe.BitCast<Vector128<uint>, TLanes>(bits & Vector128.Create(0xFFFF0000u));
        }
    }
}
