using System;
using System.Globalization;
using AttnDsl.Cpu;

namespace AttnDsl.Benchmarks;

/// <summary>Kernels as fractions of what the machine can do.</summary>
internal static class Limits
{
    public static void Run(string filter)
    {
        int threads = CpuThreads.Count;
        var loop = new RegisterLoop();
        Action limit = () => CpuTeam.Shared.Run(loop, threads, threads);
        double limitWork = loop.Flops(threads);
        Print($"{Simd.Detected}, {threads} threads");
        if ("stream".Contains(filter, StringComparison.Ordinal))
        {
            Stream(threads);
        }

        if ("narrow".Contains(filter, StringComparison.Ordinal))
        {
            Narrow(threads);
        }

        if ("gemm 2048".Contains(filter, StringComparison.Ordinal))
        {
            Gemm("gemm 2048 x 2048 x 2048", 2048, 2048, 2048, limit, limitWork);
            Gemm("gemm 128 x 2048 x 2048", 128, 2048, 2048, limit, limitWork);
        }

        DecodeLimits.Run(filter, threads);
        foreach ((int heads, int kv, int tokens, int width) in new[] { (16, 4, 2048, 64), (16, 4, 2048, 128), (16, 4, 1024, 64) })
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"prefill causal {heads}/{kv} T {tokens} d {width}");
            if (name.Contains(filter, StringComparison.Ordinal))
            {
                Prefill(name, heads, kv, tokens, width, limit, limitWork);
            }
        }
    }

    private static void Prefill(string name, int heads, int kv, int tokens, int width, Action limit, double limitWork)
    {
        var random = new Random(1);
        float[] q = Random(random, tokens * heads * width);
        float[] k = Random(random, tokens * kv * width);
        float[] v = Random(random, tokens * kv * width);
        float[] o = new float[q.Length];
        var geometry = new AttendGeometry(HeadMap.Grouped(heads, heads), HeadMap.Grouped(kv, heads), HeadMap.Grouped(kv, heads), width, width, 1 / Math.Sqrt(width));
        TokenRows rows = TokenRows.Uniform(1, tokens);
        BandMask mask = Masks.Causal;
        Figures figures = Alternation.Measure(
            limit,
            limitWork,
            () => FusedAttention.Forward(geometry, q, HeadRows<float>.Dense(k, tokens, kv, width), HeadRows<float>.Dense(v, tokens, kv, width), [], rows, default(IdentityScore), mask, o, []),
            2.0 * heads * width * tokens * tokens);
        Print(name, figures);
    }

    private static void Gemm(string name, int m, int n, int k, Action limit, double limitWork)
    {
        var random = new Random(1);
        float[] x = Random(random, m * k);
        float[] w = Random(random, n * k);
        var y = new float[m * n];
        Print(name, Alternation.Measure(limit, limitWork, () => Linear.Apply(x, w, [], y, m, k, n), 2.0 * m * n * k));
    }

    private static void Narrow(int threads)
    {
        const int Size = 4096;
        float[] memory = Random(new Random(1), Size * Size);
        float[] x = Random(new Random(2), 8 * Size);
        var y = new float[8 * Size];
        var stream = new StreamLoop(memory, threads * 8);
        foreach (int rows in new[] { 1, 4, 8 })
        {
            Figures figures = Alternation.Measure(
                () => CpuTeam.Shared.Run(stream, threads * 8, threads),
                stream.Bytes,
                () => Linear.Apply(x.AsSpan(0, rows * Size), memory, [], y.AsSpan(0, rows * Size), rows, Size, Size),
                stream.Bytes);
            Print(string.Create(
                CultureInfo.InvariantCulture,
                $"narrow {rows} x {Size} x {Size,-20} {figures.Kernel / 1e9,7:F1} GB/s of {figures.Limit / 1e9,7:F1}: best {figures.Best:P1}, median {figures.Median:P1}"));
        }
    }

    private static void Stream(int threads)
    {
        // Filled: memory that was never written is one page of zeros, read again and again from the nearest cache.
        var memory = new float[64 << 20];
        Array.Fill(memory, 1);
        var stream = new StreamLoop(memory, threads * 8);
        Figures figures = Alternation.Measure(() => CpuTeam.Shared.Run(stream, threads * 8, threads), stream.Bytes, () => CpuTeam.Shared.Run(stream, threads * 8, threads), stream.Bytes);
        Print(string.Create(CultureInfo.InvariantCulture, $"streaming read {figures.Limit / 1e9:F1} GB/s"));
    }

    private static void Print(string name, Figures figures) => Print(string.Create(
        CultureInfo.InvariantCulture,
        $"{name,-36} {figures.Kernel / 1e9,7:F1} GFLOP/s of {figures.Limit / 1e9,7:F1}: best {figures.Best:P1}, median {figures.Median:P1}"));

    private static void Print(string text) => Console.WriteLine(text);

    private static float[] Random(Random random, int length)
    {
        var values = new float[length];
        for (int i = 0; i < length; i++)
        {
            values[i] = (2 * random.NextSingle()) - 1;
        }

        return values;
    }
}
