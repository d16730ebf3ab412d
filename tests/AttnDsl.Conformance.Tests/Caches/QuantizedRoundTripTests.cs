using System;
using System.Linq;
using System.Runtime.InteropServices;
using AttnDsl.Conformance.Tests.Goldens;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Caches;

/// <summary>Codes, packing, scales and minima as the authors' code makes them, exactly.</summary>
[Collection(GoldenTests.Name)]
public sealed class QuantizedRoundTripTests(ITestOutputHelper output)
{
    private const string Recording = "kv-cache-kivi-roundtrip";
    private const int Heads = 2;
    private const int Tokens = 32;
    private const int Width = 32;

    [Theory]
    [InlineData(8, 16, 16)]
    [InlineData(4, 32, 16)]
    [InlineData(4, 8, 32)]
    [InlineData(2, 16, 32)]
    public void Codes_scales_and_minima_are_the_recorded_ones(int bits, int keyGroup, int valueGroup)
    {
        GoldenSummary.Count(Recording, present: false);
        string? path = Shared.Find($"goldens/{Recording}.safetensors", output);
        GoldenSummary.Count(Recording, path is not null);
        if (path is null)
        {
            return;
        }

        using SafetensorsFile file = SafetensorsFile.Open(path);
        string name = FormattableString.Invariant($"int{bits}_g{keyGroup}_{valueGroup}_");
        Check(file, "k", name + "k_", new CacheQuantization(bits, keyGroup, 32, QuantizationAxis.Channel));
        Check(file, "v", name + "v_", new CacheQuantization(bits, valueGroup, 32, QuantizationAxis.Token));
    }

    private static void Check(SafetensorsFile file, string source, string name, CacheQuantization quantization)
    {
        var layout = new QuantizedLayout(new CacheStream(source, Heads, Width) { Quantization = quantization });
        double[] values = file.ReadDouble(source);
        float[] singles = Array.ConvertAll(values, value => (float)value);
        var codes = new int[Heads * Tokens * Width / quantization.CodesPerWord];
        var scales = new float[Heads * Tokens * Width / quantization.Group];
        var minima = new float[scales.Length];
        var unit = new int[layout.UnitWords];
        int units = Heads * Tokens / layout.Unit;
        for (int u = 0; u < units; u++)
        {
            layout.Encode(singles.AsSpan(u * layout.Unit * Width, layout.Unit * Width), unit);
            unit.AsSpan(0, layout.CodeWords).CopyTo(codes.AsSpan(u * layout.CodeWords));
            Span<float> floats = MemoryMarshal.Cast<int, float>(unit.AsSpan(layout.CodeWords));
            floats[..layout.Scales].CopyTo(scales.AsSpan(u * layout.Scales));
            floats[layout.Scales..].CopyTo(minima.AsSpan(u * layout.Scales));
        }

        Assert.Equal(file.ReadInt64(name + "packed"), codes.Select(code => (long)code));
        Assert.Equal(file.ReadDouble(name + "scale").Select(scale => (float)scale), scales, Close);
        Assert.Equal(file.ReadDouble(name + "min").Select(least => (float)least), minima);

        // In double, what is read back is the recording to the last bit.
        bool perChannel = quantization.Axis == QuantizationAxis.Channel;
        int group = quantization.Group;
        for (int g = 0; g < values.Length / group; g++)
        {
            int first = perChannel ? (g / Width * group * Width) + (g % Width) : g * group;
            AffineCodes.Pass(values.AsSpan(), first, perChannel ? Width : 1, group, quantization.HighestCode);
        }

        Assert.Equal(file.ReadDouble(name + "dequant"), values);
    }

    // The recorded scale is of doubles, ours of the floats nearest to them.
    private static bool Close(float one, float other) => MathF.Abs(one - other) <= 4e-7f * MathF.Abs(one);
}
