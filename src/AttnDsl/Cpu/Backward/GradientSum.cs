using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttnDsl.Cpu;

/// <summary>Scales a head's gradients and writes them, or adds them to what other heads left.</summary>
internal static unsafe class GradientSum
{
    /// <summary>target[r, c] (+)= factor · source[c, r].</summary>
    /// <param name="source">[width][lanes].</param>
    /// <param name="lanes">Floats from one c to the next.</param>
    /// <param name="rows">Rows of the target.</param>
    /// <param name="width">Channels.</param>
    /// <param name="factor">Multiplies every element.</param>
    /// <param name="target">First row.</param>
    /// <param name="stride">Floats from row to row.</param>
    /// <param name="add">Whether to add to what is there.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transposed(float* source, int lanes, int rows, int width, float factor, float* target, long stride, bool add)
    {
        Vector128<float> scale = Vector128.Create(factor);
        int row = 0;
        for (; row + 4 <= rows; row += 4)
        {
            float* from = source + row;
            float* to = target + (row * stride);
            int channel = 0;
            for (; channel + 4 <= width; channel += 4)
            {
                Vector128<float> a = Vector128.Load(from) * scale;
                Vector128<float> b = Vector128.Load(from + lanes) * scale;
                Vector128<float> c = Vector128.Load(from + (2 * lanes)) * scale;
                Vector128<float> d = Vector128.Load(from + (3 * lanes)) * scale;
                Transpose4.Apply(ref a, ref b, ref c, ref d);
                if (add)
                {
                    a += Vector128.Load(to + channel);
                    b += Vector128.Load(to + stride + channel);
                    c += Vector128.Load(to + (2 * stride) + channel);
                    d += Vector128.Load(to + (3 * stride) + channel);
                }

                a.Store(to + channel);
                b.Store(to + stride + channel);
                c.Store(to + (2 * stride) + channel);
                d.Store(to + (3 * stride) + channel);
                from += 4 * lanes;
            }

            for (; channel < width; channel++, from += lanes)
            {
                for (int r = 0; r < 4; r++)
                {
                    float value = from[r] * factor;
                    to[(r * stride) + channel] = add ? to[(r * stride) + channel] + value : value;
                }
            }
        }

        for (; row < rows; row++)
        {
            float* from = source + row;
            float* to = target + (row * stride);
            for (int channel = 0; channel < width; channel++, from += lanes)
            {
                float value = *from * factor;
                to[channel] = add ? to[channel] + value : value;
            }
        }
    }

    /// <summary>target[r, c] (+)= factor · source[r, c].</summary>
    /// <param name="source">First row.</param>
    /// <param name="sourceStride">Floats from row to row.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="width">Channels.</param>
    /// <param name="factor">Multiplies every element.</param>
    /// <param name="target">First row.</param>
    /// <param name="stride">Floats from row to row.</param>
    /// <param name="add">Whether to add to what is there.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(float* source, int sourceStride, int rows, int width, float factor, float* target, long stride, bool add)
    {
        Vector128<float> scale = Vector128.Create(factor);
        for (int row = 0; row < rows; row++, source += sourceStride, target += stride)
        {
            int channel = 0;
            for (; channel + 4 <= width; channel += 4)
            {
                Vector128<float> value = Vector128.Load(source + channel) * scale;
                value = add ? value + Vector128.Load(target + channel) : value;
                value.Store(target + channel);
            }

            for (; channel < width; channel++)
            {
                float value = source[channel] * factor;
                target[channel] = add ? target[channel] + value : value;
            }
        }
    }

    /// <summary>Zeros.</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="width">Channels.</param>
    /// <param name="target">First row.</param>
    /// <param name="stride">Floats from row to row.</param>
    public static void Clear(int rows, int width, float* target, long stride)
    {
        for (int row = 0; row < rows; row++, target += stride)
        {
            new Span<float>(target, width).Clear();
        }
    }
}
