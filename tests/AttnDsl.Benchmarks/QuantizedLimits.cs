using System;
using System.Globalization;

namespace AttnDsl.Benchmarks;

/// <summary>A decoding step over a float32, a bfloat16 and quantised caches in alternation: a storage pays if it is no slower than the larger one before it.</summary>
internal static class QuantizedLimits
{
    private static readonly (int Heads, int Kv, int Context, int Width)[] Shapes =
    [
        (32, 8, 32768, 128),
        (32, 32, 8192, 128),
        (16, 4, 32768, 64),
    ];

    public static void Run(string filter)
    {
        foreach ((int heads, int kv, int context, int width) in Shapes)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"decode {heads}/{kv} context {context} d {width}");
            if (name.Contains(filter, StringComparison.Ordinal))
            {
                Measure(name, heads, kv, context, width);
            }
        }
    }

    private static void Measure(string name, int heads, int kv, int context, int width)
    {
        using var half = new DecodeStep(heads, kv, context, width, CacheElement.BFloat16, 1);
        using (var full = new DecodeStep(heads, kv, context, width, CacheElement.Float32, 1))
        {
            Compare(name, "bfloat16 and float32", half, full);
        }

        foreach (int bits in new[] { 8, 4, 2 })
        {
            using var coded = new DecodeStep(heads, kv, context, width, CacheElement.BFloat16, 1, bits);
            Compare(name, string.Create(CultureInfo.InvariantCulture, $"int{bits} and bfloat16"), coded, half);
        }
    }

    private static void Compare(string name, string what, DecodeStep step, DecodeStep other)
    {
        Figures figures = Alternation.Measure(other.Decode, 1, step.Decode, 1, rounds: 15);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}, {what,-20}: {1e3 / figures.Kernel,7:F2} ms and {1e3 / figures.Limit,7:F2} ms, {figures.Best:F2} times as fast (median {figures.Median:F2}); {step.Cache.Bytes / 1e6,6:F1} MB and {other.Cache.Bytes / 1e6,6:F1} MB, {(double)step.Cache.Bytes / other.Cache.Bytes:F3}"));
    }
}
