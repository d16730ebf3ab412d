using System;
using System.Diagnostics;
using System.Globalization;

namespace AttnDsl.Benchmarks;

/// <summary>A consumer's view: generated code of this assembly, compiled as this assembly is, over the runtime's kernels.</summary>
internal static class LayerTimes
{
    private const int Tokens = 2048;

    public static void Run()
    {
#if DEBUG
        const string Build = "Debug";
#else
        const string Build = "Release";
#endif
        TimedLayer.Weights<float> weights = TimedLayer.Weights<float>.Create(seed: 1);
        TimedLayer.Weights<float> gradients = TimedLayer.Weights<float>.Zeros();
        float[] x = new float[Tokens * TimedLayer.Spec.Dim];
        var random = new Random(1);
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = (2 * random.NextSingle()) - 1;
        }

        var y = new float[x.Length];
        var dx = new float[x.Length];
        TokenRows rows = TokenRows.Uniform(1, Tokens);
        var cache = new TimedLayer.Cache(1, capacity: Tokens + 1);
        Print(Build, "prefill", Median(() => TimedLayer.Cpu.Forward(weights, x, y, rows)));
        Print(Build, "prefill into a cache", Median(() =>
        {
            cache.Reset();
            TimedLayer.Cpu.Prefill(weights, x, y, cache, rows);
        }));
        Print(Build, "decode", Median(() =>
        {
            cache.Truncate(0, Tokens);
            TimedLayer.Cpu.Decode(weights, x.AsSpan(0, TimedLayer.Spec.Dim), y.AsSpan(0, TimedLayer.Spec.Dim), cache);
        }));
        Print(Build, "backward", Median(() => TimedLayer.Cpu.Backward(weights, x, x, dx, gradients, rows)));
    }

    private static void Print(string build, string what, double milliseconds) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{build,-8} {what,-22} T {Tokens} {milliseconds,9:F3} ms"));

    private static double Median(Action action)
    {
        for (int i = 0; i < 5; i++)
        {
            action();
        }

        var times = new double[15];
        for (int i = 0; i < times.Length; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(times);
        return times[times.Length / 2];
    }
}
