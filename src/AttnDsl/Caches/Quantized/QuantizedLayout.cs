using System;
using System.Runtime.InteropServices;

namespace AttnDsl;

/// <summary>
/// How the codes of a head lie in int32s: units of consecutive tokens, each unit its codes, then its scales, then its minima, so that reading a head is reading one stretch of memory.
/// Per channel, a unit is the least number of tokens that fills groups and int32s, its codes [unit / codesPerWord, width], its scales [unit / group, width]. Per token, a unit is a token, its codes [width / codesPerWord], its scales [width / group].
/// </summary>
internal sealed class QuantizedLayout
{
    public QuantizedLayout(CacheStream stream)
    {
        Quantization = stream.Quantization!;
        Quantization.Check(stream);
        Width = stream.Width;
        PerChannel = Quantization.Axis == QuantizationAxis.Channel;
        Unit = PerChannel ? LeastMultiple(Quantization.Group, Quantization.CodesPerWord) : 1;
        CodeWords = PerChannel ? Unit / Quantization.CodesPerWord * Width : Width / Quantization.CodesPerWord;
        Scales = PerChannel ? Unit / Quantization.Group * Width : Width / Quantization.Group;
    }

    public CacheQuantization Quantization { get; }

    public int Width { get; }

    public bool PerChannel { get; }

    /// <summary>Tokens of a unit.</summary>
    public int Unit { get; }

    /// <summary>Int32s of a unit's codes.</summary>
    public int CodeWords { get; }

    /// <summary>Scales of a unit, and as many minima.</summary>
    public int Scales { get; }

    /// <summary>Int32s of a unit.</summary>
    public int UnitWords => CodeWords + (2 * Scales);

    /// <summary>Writes a unit.</summary>
    /// <param name="tokens">[<see cref="Unit"/>, width].</param>
    /// <param name="unit">Its <see cref="UnitWords"/>.</param>
    public void Encode(ReadOnlySpan<float> tokens, Span<int> unit)
    {
        Span<int> codes = unit[..CodeWords];
        Span<float> scales = MemoryMarshal.Cast<int, float>(unit.Slice(CodeWords, Scales));
        Span<float> minima = MemoryMarshal.Cast<int, float>(unit.Slice(CodeWords + Scales, Scales));
        codes.Clear();
        int group = Quantization.Group;
        if (!PerChannel)
        {
            for (int g = 0; g < Scales; g++)
            {
                Encode(tokens, g * group, 1, codes, 0, out scales[g], out minima[g]);
            }

            return;
        }

        for (int g = 0; g < Unit / group; g++)
        {
            for (int channel = 0; channel < Width; channel++)
            {
                int place = (g * Width) + channel;
                Encode(tokens, (g * group * Width) + channel, Width, codes, channel, out scales[place], out minima[place]);
            }
        }
    }

    // One group: scalar i at first + i · stride is code number first / stride + i of its channel, or of its token.
    private void Encode(ReadOnlySpan<float> tokens, int first, int stride, Span<int> codes, int channel, out float scale, out float least)
    {
        int count = Quantization.Group;
        double low = double.PositiveInfinity;
        double high = double.NegativeInfinity;
        for (int i = 0; i < count; i++)
        {
            double x = tokens[first + (i * stride)];
            low = Math.Min(low, x);
            high = Math.Max(high, x);
        }

        double step = AffineCodes.Scale(low, high, Quantization.HighestCode);
        scale = (float)step;
        least = (float)low;
        int perWord = Quantization.CodesPerWord;
        for (int i = 0; i < count; i++)
        {
            int number = (first / stride) + i;
            int code = AffineCodes.Of(tokens[first + (i * stride)], step, low, Quantization.HighestCode);
            codes[(number / perWord * stride) + channel] |= code << (number % perWord * Quantization.Bits);
        }
    }

    private static int LeastMultiple(int one, int other)
    {
        int multiple = one;
        while (multiple % other != 0)
        {
            multiple += one;
        }

        return multiple;
    }
}
