using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;

namespace AttnDsl.Benchmarks;

/// <summary>
/// Measures a kernel and the machine's limit in alternation within one process: machines drift by several percent within minutes, so only figures of the same moment may be divided.
/// </summary>
internal static class Alternation
{
    /// <returns>Rates per second: best of each, and the best and median of the ratios of neighbours.</returns>
    public static Figures Measure(Action limit, double limitWork, Action kernel, double kernelWork, int rounds = 9, int pauseMilliseconds = 20)
    {
        var limits = new List<double>();
        var kernels = new List<double>();
        kernel();
        kernel();
        for (int round = 0; round < rounds; round++)
        {
            limits.Add(limitWork / Time(limit, pauseMilliseconds));
            kernels.Add(kernelWork / Time(kernel, pauseMilliseconds));
        }

        double[] ratios = [.. kernels.Zip(limits, (k, l) => k / l).Order()];
        return new Figures(limits.Max(), kernels.Max(), kernels.Max() / limits.Max(), ratios[ratios.Length / 2]);
    }

    private static double Time(Action action, int pauseMilliseconds)
    {
        Thread.Sleep(pauseMilliseconds);
        action();
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}

/// <param name="Limit">Best rate of the limit.</param>
/// <param name="Kernel">Best rate of the kernel.</param>
/// <param name="Best">Best kernel by best limit.</param>
/// <param name="Median">Median ratio of neighbouring measurements.</param>
internal readonly record struct Figures(double Limit, double Kernel, double Best, double Median);
