using System;
using System.Numerics;

namespace AttnDsl;

/// <summary>Quantized storage as a reference has it: tokens [n, heads, width] that are old enough become what is read of their codes, where they are.</summary>
internal static class QuantizedPass
{
    /// <summary>Moves a row's border to where it belongs at <paramref name="length"/> tokens.</summary>
    public static void Move<T>(CacheStream stream, Span<T> values, ref int border, int length)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        CacheQuantization quantization = stream.Quantization!;
        int end = quantization.Border(length);
        int size = stream.Heads * stream.Width;
        int group = quantization.Group;
        if (quantization.Axis == QuantizationAxis.Channel)
        {
            for (; border < end; border += group)
            {
                for (int channel = 0; channel < size; channel++)
                {
                    AffineCodes.Pass(values, (border * size) + channel, size, group, quantization.HighestCode);
                }
            }
        }

        for (; border < end; border++)
        {
            for (int first = 0; first < size; first += group)
            {
                AffineCodes.Pass(values, (border * size) + first, 1, group, quantization.HighestCode);
            }
        }
    }
}
