using System;
using System.Runtime.InteropServices;

namespace AttnDsl.Cpu;

/// <summary>
/// The constants of 2^x, each repeated over the widest vector: read through a pointer they become memory operands of the arithmetic and take no registers from the accumulators.
/// </summary>
internal static unsafe class Exp2Constants
{
    /// <summary>Floats per constant.</summary>
    public const int Stride = 16;

    public const int Nearest5 = 0;
    public const int Nearest4 = 1 * Stride;
    public const int Nearest3 = 2 * Stride;
    public const int Nearest2 = 3 * Stride;
    public const int Nearest1 = 4 * Stride;

    /// <summary>Exactly one: then 2^−127 leaves no bit set, and masked pairs weigh exactly 0.</summary>
    public const int Nearest0 = 5 * Stride;

    public const int Lowest = 6 * Stride;
    public const int Highest = 7 * Stride;

    /// <summary>1.5 · 2^23: adding it rounds to an integer and leaves that integer in the low bits.</summary>
    public const int Rounder = 8 * Stride;

    public const int Floor5 = 9 * Stride;
    public const int Floor4 = 10 * Stride;
    public const int Floor3 = 11 * Stride;
    public const int Floor2 = 12 * Stride;
    public const int Floor1 = 13 * Stride;
    public const int Floor0 = 14 * Stride;

    /// <summary>Lives as long as the process.</summary>
    public static readonly float* Table = Create();

    private static float* Create()
    {
        // Minimax fits of 2^f in relative error: on [-1/2, 1/2] with the constant term held at 1 (9.2e-8), and on [0, 1] (7.5e-8).
        ReadOnlySpan<float> values =
        [
            0.00132647308f, 0.00967151299f, 0.0555073358f, 0.240222424f, 0.693147004f, 1f,
            -127f, 100f, 12582912f,
            0.00187757378f, 0.00898934714f, 0.0558263101f, 0.240153626f, 0.693153083f, 0.99999994f,
        ];
        float* table = (float*)NativeMemory.AlignedAlloc((nuint)(values.Length * Stride * sizeof(float)), 64);
        for (int i = 0; i < values.Length; i++)
        {
            new Span<float>(table + (i * Stride), Stride).Fill(values[i]);
        }

        return table;
    }
}
