using System;
using System.Diagnostics;
using System.Globalization;

namespace AttnDsl.Benchmarks;

/// <summary>How far the process's peak rises while the layer runs, inputs and outputs being there already. One length per process: a peak never falls.</summary>
internal static class LayerMemory
{
    public static void Run(int tokens)
    {
        int dim = TimedLayer.Spec.Dim;
        TimedLayer.Weights<float> weights = TimedLayer.Weights<float>.Create(seed: 1);
        TimedLayer.Weights<float> gradients = TimedLayer.Weights<float>.Zeros();
        float[] x = Filled(tokens * dim);
        float[] y = Filled(tokens * dim);
        float[] dx = Filled(tokens * dim);
        TokenRows rows = TokenRows.Uniform(1, tokens);

        // Warm: code, threads.
        TokenRows few = TokenRows.Uniform(1, 64);
        TimedLayer.Cpu.Backward(weights, x.AsSpan(0, 64 * dim), x.AsSpan(0, 64 * dim), dx.AsSpan(0, 64 * dim), gradients, few);
        long before = Peak();
        TimedLayer.Cpu.Forward(weights, x, y, rows);
        long forward = Peak() - before;
        TimedLayer.Cpu.Backward(weights, x, y, dx, gradients, rows);
        long backward = Peak() - before;
        double score = 4.0 * TimedLayer.Spec.ScoreHeads * tokens * tokens;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"T {tokens}: forward {forward / 1048576.0:F1} MiB ({(double)forward / tokens / 4:F0} floats a token), backward {backward / 1048576.0:F1} MiB ({(double)backward / tokens / 4:F0} floats a token); the scores alone would be {score / 1048576:F0} MiB"));
    }

    private static long Peak()
    {
        using var self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64;
    }

    private static float[] Filled(int length)
    {
        var values = new float[length];
        Array.Fill(values, 0.01f);
        return values;
    }
}
