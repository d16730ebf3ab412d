using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttnDsl.Cpu;

/// <summary>Reads codes that have a scale per channel: an int32 holds consecutive tokens of one channel, so channels are in the lanes and every shift gives a token.</summary>
internal static unsafe class ChannelCodes
{
    /// <param name="layout">How the codes lie.</param>
    /// <param name="head">First unit of the head.</param>
    /// <param name="token">First token.</param>
    /// <param name="count">Tokens.</param>
    /// <param name="target">[count, width].</param>
    public static void Read<TBits>(QuantizedLayout layout, int* head, int token, int count, float* target)
        where TBits : struct, ICodeBits
    {
        int width = layout.Width;
        int group = layout.Quantization.Group;
        int perWord = 32 / TBits.Count;
        while (count > 0)
        {
            (int unit, int place) = Math.DivRem(token, layout.Unit);
            int* words = head + ((long)unit * layout.UnitWords);
            float* scales = (float*)(words + layout.CodeWords) + ((long)(place / group) * width);
            int run = Math.Min(count, Math.Min(perWord - (place % perWord), group - (place % group)));
            Spread<TBits>(words + ((long)(place / perWord) * width), place % perWord * TBits.Count, scales, scales + layout.Scales, width, run, target);
            token += run;
            count -= run;
            target += (long)run * width;
        }
    }

    /// <summary>Tokens of one row of int32s that share scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Spread<TBits>(int* words, int shift, float* scales, float* minima, int width, int tokens, float* target)
        where TBits : struct, ICodeBits
    {
        int channel = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<int> mask = Vector512.Create((1 << TBits.Count) - 1);
            for (; channel + 16 <= width; channel += 16)
            {
                Vector512<int> codes = Vector512.Load(words + channel) >>> shift;
                Vector512<float> scale = Vector512.Load(scales + channel);
                Vector512<float> least = Vector512.Load(minima + channel);
                float* to = target + channel;
                for (int token = 0; token < tokens; token++, to += width)
                {
                    Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(codes & mask), scale, least).Store(to);
                    codes >>>= TBits.Count;
                }
            }
        }

        Vector256<int> low = Vector256.Create((1 << TBits.Count) - 1);
        for (; channel + 8 <= width; channel += 8)
        {
            Vector256<int> codes = Vector256.Load(words + channel) >>> shift;
            Vector256<float> scale = Vector256.Load(scales + channel);
            Vector256<float> least = Vector256.Load(minima + channel);
            float* to = target + channel;
            for (int token = 0; token < tokens; token++, to += width)
            {
                Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(codes & low), scale, least).Store(to);
                codes >>>= TBits.Count;
            }
        }

        for (; channel < width; channel++)
        {
            int codes = words[channel] >>> shift;
            for (int token = 0; token < tokens; token++)
            {
                target[((long)token * width) + channel] = MathF.FusedMultiplyAdd(codes & ((1 << TBits.Count) - 1), scales[channel], minima[channel]);
                codes >>>= TBits.Count;
            }
        }
    }
}
