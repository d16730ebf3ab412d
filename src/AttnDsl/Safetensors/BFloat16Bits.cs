using System;

namespace AttnDsl;

/// <summary>bfloat16 as bits: the upper half of a float.</summary>
internal static class BFloat16Bits
{
    /// <summary>Exact.</summary>
    public static float ToSingle(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>Nearest bfloat16, ties to even, in one rounding.</summary>
    public static ushort FromDouble(double value)
    {
        if (double.IsNaN(value))
        {
            return (ushort)(double.IsNegative(value) ? 0xFFC0 : 0x7FC0);
        }

        float single = (float)value;
        uint bits = BitConverter.SingleToUInt32Bits(single);
        if (single != value)
        {
            // Rounding twice (double, float, bfloat16) could turn a near tie into a tie. Round to odd first: toward zero, with the last bit saying "and a little more".
            if (Math.Abs((double)single) > Math.Abs(value))
            {
                bits--;
            }

            bits |= 1;
        }

        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
