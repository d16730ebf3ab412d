using System;
using System.Globalization;
using AttnDsl.Cpu;

namespace AttnDsl.Benchmarks;

/// <summary>One decoding step over a cache, as a fraction of the bandwidth with which the cache's own memory can be read from end to end.</summary>
internal static class DecodeLimits
{
    private static readonly (int Heads, int Kv, int Context, int Width)[] Shapes =
    [
        (32, 8, 16384, 128),
        (32, 8, 4096, 128),
        (32, 32, 4096, 128),
        (32, 1, 65536, 128),
        (16, 4, 16384, 64),
    ];

    public static void Run(string filter, int threads)
    {
        foreach ((int heads, int kv, int context, int width) in Shapes)
        {
            foreach (CacheElement element in Enum.GetValues<CacheElement>())
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"decode {heads}/{kv} context {context} d {width} {element}");
                if (name.Contains(filter, StringComparison.Ordinal))
                {
                    Measure(name, heads, kv, context, width, element, threads);
                }
            }
        }

        if ("crossing".Contains(filter, StringComparison.Ordinal))
        {
            foreach (int queries in new[] { 1, 2, 4, 8, 12, 16, 24, 32 })
            {
                Cross(32, 8, 4096, 128, queries);
                Cross(8, 8, 4096, 64, queries);
            }
        }
    }

    private static void Measure(string name, int heads, int kv, int context, int width, CacheElement element, int threads)
    {
        using var step = new DecodeStep(heads, kv, context, width, element, 1);
        var stream = new StreamLoop(threads * 8, step.Keys, step.Values);
        Figures figures = Alternation.Measure(() => CpuTeam.Shared.Run(stream, threads * 8, threads), stream.Bytes, step.Decode, step.Cache.Bytes, rounds: 15);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-44} {step.Cache.Bytes / figures.Kernel * 1e3,7:F2} ms, {figures.Kernel / 1e9,5:F1} GB/s of {figures.Limit / 1e9,5:F1}: best {figures.Best:P1}, median {figures.Median:P1}"));
    }

    /// <summary>Both kernels on a few queries: where the second figure passes 100 %, the prefill kernel is the faster.</summary>
    private static void Cross(int heads, int kv, int context, int width, int queries)
    {
        using var step = new DecodeStep(heads, kv, context, width, CacheElement.Float32, queries);
        Figures figures = Alternation.Measure(step.Decode, 1, step.Prefill, 1, rounds: 7, pauseMilliseconds: 5);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"crossing {heads}/{kv} context {context} d {width}, {queries,2} queries: decode {1e3 / figures.Limit,7:F2} ms, prefill {1e3 / figures.Kernel,7:F2} ms, median {figures.Median:P1}"));
    }
}
