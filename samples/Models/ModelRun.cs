using System;
using System.Diagnostics;
using AttnDsl;

namespace Models;

/// <summary>What a layer did: tokens at once, and the same tokens one by one over its cache.</summary>
/// <param name="Prefill">Time of all at once, into an empty cache.</param>
/// <param name="Decode">Time of each of the second half, one by one.</param>
/// <param name="CacheBytes">Bytes that the cache holds for them.</param>
/// <param name="Difference">Largest difference between the two, as a share of the largest output.</param>
public sealed record ModelRun(TimeSpan Prefill, TimeSpan Decode, long CacheBytes, double Difference)
{
    /// <summary>Runs a layer on the CPU.</summary>
    /// <param name="weights">Its weights.</param>
    /// <param name="tokens">Tokens, at least 2.</param>
    public static ModelRun Of<TCpu, TWeights, TCache>(TWeights weights, int tokens)
        where TCpu : ICachedAttentionBackend<TWeights, TCache>
        where TWeights : AttentionWeights<float>
        where TCache : KvCache
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 2);
        int dim = TCpu.Shape.Dim;
        float[] x = Input(tokens * dim);
        var whole = new float[x.Length];
        TCache cache = TCpu.CreateCache(batch: 1);

        // Once to warm up: what has never run is compiled first.
        TCpu.Prefill(weights, x, whole, cache, TokenRows.Uniform(1, tokens));
        cache.Reset();
        long start = Stopwatch.GetTimestamp();
        TCpu.Prefill(weights, x, whole, cache, TokenRows.Uniform(1, tokens));
        TimeSpan prefill = Stopwatch.GetElapsedTime(start);
        long bytes = cache.Bytes;

        int half = tokens / 2;
        var steps = new float[x.Length];
        cache.Reset();
        TCpu.Prefill(weights, x.AsSpan(0, half * dim), steps.AsSpan(0, half * dim), cache, TokenRows.Uniform(1, half));
        start = Stopwatch.GetTimestamp();
        for (int t = half; t < tokens; t++)
        {
            TCpu.Decode(weights, x.AsSpan(t * dim, dim), steps.AsSpan(t * dim, dim), cache);
        }

        return new ModelRun(prefill, Stopwatch.GetElapsedTime(start) / (tokens - half), bytes, Compare(whole, steps));
    }

    private static float[] Input(int count)
    {
        var random = new Random(7);
        var x = new float[count];
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = (2 * random.NextSingle()) - 1;
        }

        return x;
    }

    private static double Compare(float[] expected, float[] actual)
    {
        double difference = 0, largest = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            // Not Math.Max: it would lose what is no number.
            double apart = Math.Abs((double)expected[i] - actual[i]);
            difference = apart <= difference ? difference : apart;
            largest = Math.Max(largest, Math.Abs(expected[i]));
        }

        return difference / largest;
    }
}
