using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Conformance.Tests.Goldens;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Caches;

/// <summary>
/// A prompt and single tokens over a ring with sinks. Distances between places in the cache are those that the authors' code ran, which rotates every key anew at its place; absolute ones are checked by hand, from the recorded
/// lists of attended tokens.
/// </summary>
[Collection(GoldenTests.Name)]
public sealed class RingDecodeTests(ITestOutputHelper output)
{
    private const string Recording = "kv-cache-ring-sinks";
    private const int Batch = 2;
    private const int Prompt = 7;
    private const int Tokens = 30;
    private const int Dim = 32;
    private const int Width = 8;

    // The recording's softmax is in float32.
    private const double Tolerance = 1e-6;

    [Fact]
    public void The_reference_gives_the_recorded_outputs_in_cache_positions()
    {
        using SafetensorsFile? file = Open();
        if (file is not null)
        {
            Near(file.ReadDouble("y_in_cache_positions"), Run<SlotRing.Reference, SlotRing.Weights<double>>(file), Tolerance);
        }
    }

    [Fact]
    public void Kernels_give_the_recorded_outputs_in_cache_positions()
    {
        using SafetensorsFile? file = Open();
        if (file is not null)
        {
            Near(file.ReadDouble("y_in_cache_positions"), RunKernels<SlotRing.Cpu, SlotRing.Weights<float>, SlotRing.Cache>(file, SlotRing.Weights<float>.Zeros()), 3e-6);
        }
    }

    [Fact]
    public void Absolute_positions_give_the_outputs_of_plain_attention_over_the_attended_tokens()
    {
        using SafetensorsFile? file = Open();
        if (file is null)
        {
            return;
        }

        double[] expected = ByHand(file);
        Near(expected, Run<AbsoluteRing.Reference, AbsoluteRing.Weights<double>>(file), 1e-12);
        Near(expected, RunKernels<AbsoluteRing.Cpu, AbsoluteRing.Weights<float>, AbsoluteRing.Cache>(file, AbsoluteRing.Weights<float>.Zeros()), 3e-6);

        // Once tokens are gone the two kinds of positions differ by far more than any tolerance.
        double[] slots = file.ReadDouble("y_in_cache_positions");
        Assert.True(expected.Zip(slots, (a, b) => Math.Abs(a - b)).Max() > 1e-3);
        for (int row = 0; row < Batch; row++)
        {
            Near(slots.AsSpan(row * Tokens * Dim, 8 * Dim).ToArray(), expected.AsSpan(row * Tokens * Dim, 8 * Dim).ToArray(), Tolerance);
        }
    }

    /// <summary>Keys rotated at their own positions; which tokens there are after a single token's room was made: 2 sinks and the last 6 with the token itself.</summary>
    private static double[] ByHand(SafetensorsFile file)
    {
        double[] x = file.ReadDouble("x");
        double[] q = Rotated(Linear(x, file.ReadDouble("W_q"), 32), 4);
        double[] k = Rotated(Linear(x, file.ReadDouble("W_k"), 16), 2);
        double[] v = Linear(x, file.ReadDouble("W_v"), 16);
        var o = new double[Batch * Tokens * Dim];
        for (int row = 0; row < Batch; row++)
        {
            for (int t = 0; t < Tokens; t++)
            {
                int[] seen = [.. Enumerable.Range(0, t + 1).Where(j => t < Prompt || j < 2 || j > t - 6)];
                for (int head = 0; head < 4; head++)
                {
                    double[] scores = [.. seen.Select(j => Enumerable.Range(0, Width)
                        .Sum(c => q[(((row * Tokens) + t) * 32) + (head * Width) + c] * k[(((row * Tokens) + j) * 16) + (head / 2 * Width) + c]) / Math.Sqrt(Width))];
                    double most = scores.Max();
                    double sum = scores.Sum(s => Math.Exp(s - most));
                    for (int n = 0; n < seen.Length; n++)
                    {
                        for (int c = 0; c < Width; c++)
                        {
                            o[(((row * Tokens) + t) * 32) + (head * Width) + c] += Math.Exp(scores[n] - most) / sum * v[(((row * Tokens) + seen[n]) * 16) + (head / 2 * Width) + c];
                        }
                    }
                }
            }
        }

        return Linear(o, file.ReadDouble("W_o"), 32);
    }

    private static double[] Linear(double[] x, double[] w, int outputs) =>
        [.. Enumerable.Range(0, Batch * Tokens * outputs).Select(at => Enumerable.Range(0, Dim).Sum(i => x[(at / outputs * Dim) + i] * w[(at % outputs * Dim) + i]))];

    private static double[] Rotated(double[] vectors, int heads)
    {
        for (int at = 0; at < vectors.Length; at += Width)
        {
            int position = at / (heads * Width) % Tokens;
            for (int i = 0; i < Width / 2; i++)
            {
                (double sin, double cos) = Math.SinCos(position * Math.Pow(10000, -2.0 * i / Width));
                (double a, double b) = (vectors[at + i], vectors[at + i + (Width / 2)]);
                (vectors[at + i], vectors[at + i + (Width / 2)]) = ((a * cos) - (b * sin), (a * sin) + (b * cos));
            }
        }

        return vectors;
    }

    private static double[] Run<TReference, TWeights>(SafetensorsFile file)
        where TReference : ICachedAttentionReference<TWeights, double>
        where TWeights : AttentionWeights<double>
    {
        TWeights weights = TReference.ZeroWeights();
        Load(file, weights);
        double[] x = file.ReadDouble("x");
        ReferenceCache<double> cache = TReference.CreateCache(Batch);
        List<double[]> parts = [TReference.Prefill(weights, Part(x, 0, Prompt), cache, TokenRows.Uniform(Batch, Prompt))];
        for (int token = Prompt; token < Tokens; token++)
        {
            parts.Add(TReference.Decode(weights, Part(x, token, 1), cache));
        }

        return Joined(parts);
    }

    private static double[] RunKernels<TCpu, TWeights, TCache>(SafetensorsFile file, TWeights weights)
        where TCpu : ICachedAttentionBackend<TWeights, TCache>
        where TWeights : AttentionWeights<float>
        where TCache : KvCache
    {
        Load(file, weights);
        float[] x = Array.ConvertAll(file.ReadDouble("x"), value => (float)value);
        TCache cache = TCpu.CreateCache(Batch);
        var prompt = new float[Batch * Prompt * Dim];
        TCpu.Prefill(weights, Part(x, 0, Prompt), prompt, cache, TokenRows.Uniform(Batch, Prompt));
        List<double[]> parts = [Array.ConvertAll(prompt, value => (double)value)];
        for (int token = Prompt; token < Tokens; token++)
        {
            var next = new float[Batch * Dim];
            TCpu.Decode(weights, Part(x, token, 1), next, cache);
            parts.Add(Array.ConvertAll(next, value => (double)value));
        }

        return Joined(parts);
    }

    private static void Load<T>(SafetensorsFile file, AttentionWeights<T> weights)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        foreach ((string recorded, string name) in new[] { ("W_q", "q_proj.weight"), ("W_k", "k_proj.weight"), ("W_v", "v_proj.weight"), ("W_o", "o_proj.weight") })
        {
            Array.ConvertAll(file.ReadDouble(recorded), T.CreateChecked).CopyTo(weights[name].Data, 0);
        }
    }

    private static T[] Part<T>(T[] whole, int first, int count) =>
        [.. Enumerable.Range(0, Batch).SelectMany(b => whole.AsSpan(((b * Tokens) + first) * Dim, count * Dim).ToArray())];

    private static double[] Joined(List<double[]> parts) =>
        [.. Enumerable.Range(0, Batch).SelectMany(b => parts.SelectMany(part => part.AsSpan(b * part.Length / Batch, part.Length / Batch).ToArray()))];

    private SafetensorsFile? Open()
    {
        GoldenSummary.Count(Recording, present: false);
        string? path = Shared.Find($"goldens/{Recording}.safetensors", output);
        GoldenSummary.Count(Recording, path is not null);
        return path is null ? null : SafetensorsFile.Open(path);
    }

    private void Near(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        double off = expected.Zip(actual, (e, a) => Math.Abs(e - a)).Max();
        output.WriteLine(FormattableString.Invariant($"off by {off:E1} of {tolerance:E0}"));
        Assert.True(off <= tolerance, FormattableString.Invariant($"off by {off}"));
    }
}

/// <summary>The recording's layer.</summary>
[Attention(dim: 32, heads: 4)]
[GroupedQuery(kv: 2)]
[Rope(theta: 10000)]
[Causal]
[RingCache(recent: 6, sinks: 2, Positions = RingPositions.Slot)]
public partial class SlotRing;

/// <summary>The same with keys where they were written.</summary>
[Attention(dim: 32, heads: 4)]
[GroupedQuery(kv: 2)]
[Rope(theta: 10000)]
[Causal]
[RingCache(recent: 6, sinks: 2)]
public partial class AbsoluteRing;
