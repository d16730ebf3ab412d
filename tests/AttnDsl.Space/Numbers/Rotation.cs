using System;
using AttnDsl.Space.Stacks;

namespace AttnDsl.Space.Numbers;

/// <summary>Rotary positions, YaRN included.</summary>
internal sealed class Rotation
{
    private readonly bool _interleaved;
    private readonly double[] _frequencies;

    public Rotation(Stack stack, int width)
    {
        Use rope = stack.Find("Rope")!;
        _interleaved = rope["layout"]?.Member == "Interleaved";
        int rotary = (int)((rope["rotaryDim"] ?? rope["RotaryDim"])?.Whole ?? width);
        double theta = rope["theta"]?.Number ?? 10000;
        double stride = rope["FrequencyStride"]?.Number ?? 1;
        _frequencies = new double[rotary / 2];
        for (int i = 0; i < _frequencies.Length; i++)
        {
            _frequencies[i] = Math.Pow(theta, -2.0 * i * stride / rotary);
        }

        if (stack.Find("Yarn") is { } yarn)
        {
            Lengthen(yarn, rotary, theta, stride, latent: stack.Has("LatentKV") || stack.Has("GroupedLatentKV"));
        }
    }

    /// <summary>Factor on cos and sin.</summary>
    public double Magnitude { get; private set; } = 1;

    /// <summary>Factor on the score scale.</summary>
    public double OnSoftmax { get; private set; } = 1;

    public void Turn(Span<double> vector, int position) => Turn(vector, position, Magnitude);

    public void Turn(Span<double> vector, int position, double magnitude)
    {
        int pairs = _frequencies.Length;
        for (int i = 0; i < pairs; i++)
        {
            (int first, int second) = _interleaved ? (2 * i, (2 * i) + 1) : (i, i + pairs);
            (double sin, double cos) = Math.SinCos(position * _frequencies[i]);
            (double a, double b) = (vector[first], vector[second]);
            vector[first] = magnitude * ((a * cos) - (b * sin));
            vector[second] = magnitude * ((a * sin) + (b * cos));
        }
    }

    private void Lengthen(Use yarn, int rotary, double theta, double stride, bool latent)
    {
        double factor = yarn["factor"]!.Number;
        double length = yarn["originalLength"]!.Number;
        double Pair(double turns) => rotary / 2 / stride * Math.Log(length / (turns * 2 * Math.PI)) / Math.Log(theta);
        double low = Pair(yarn["betaFast"]?.Number ?? 32);
        double high = Pair(yarn["betaSlow"]?.Number ?? 1);
        if (yarn["Rounded"] is { } given ? given.Number == 1 : latent)
        {
            low = Math.Max(Math.Floor(low), 0);
            high = Math.Min(Math.Ceiling(high), rotary - 1);
            high += low == high ? 0.001 : 0;
        }

        for (int i = 0; i < _frequencies.Length; i++)
        {
            double ramp = Math.Clamp((i - low) / (high - low), 0, 1);
            _frequencies[i] = (_frequencies[i] / factor * ramp) + (_frequencies[i] * (1 - ramp));
        }

        double magnitude = (0.1 * (yarn["mscale"]?.Number ?? 1) * Math.Log(factor)) + 1;
        if ((yarn["ScaleOn"]?.Member ?? (latent ? "Softmax" : "Rotation")) == "Softmax")
        {
            OnSoftmax = magnitude * magnitude;
        }
        else
        {
            Magnitude = magnitude;
        }
    }
}
