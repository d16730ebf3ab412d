using System;
using System.Globalization;
using System.Linq;
using AttnDsl.Cpu;

namespace AttnDsl.Cpu.Tests.Attention;

/// <summary>Operands of one attention core, random and seeded, and what a naive double-precision loop makes of them.</summary>
internal sealed class AttentionCase
{
    public required AttendGeometry Geometry { get; init; }

    public required TokenRows Rows { get; init; }

    public required float[] Query { get; init; }

    public required float[] Key { get; init; }

    public required float[] Value { get; init; }

    public float[] Sinks { get; set; } = [];

    /// <summary>(scaled score, absolute row, key, score head) to score.</summary>
    public Func<double, int, int, int, double> Score { get; set; } = (s, _, _, _) => s;

    /// <summary>(absolute row, key) to visible.</summary>
    public Func<int, int, bool> Visible { get; set; } = (_, _) => true;

    public bool Segments { get; set; }

    public static AttentionCase Create(TokenRows rows, HeadMap query, HeadMap key, HeadMap value, int keyWidth, int valueWidth, float magnitude = 1)
    {
        var random = new Random((rows.Tokens * 7919) + (rows.Keys * 104729) + keyWidth);
        return new AttentionCase
        {
            Geometry = new AttendGeometry(query, key, value, keyWidth, valueWidth, 1 / Math.Sqrt(keyWidth)),
            Rows = rows,
            Query = Random(random, rows.Batch * rows.Tokens * query.Heads * keyWidth, magnitude),
            Key = Random(random, rows.Batch * rows.Keys * key.Heads * keyWidth, magnitude),
            Value = Random(random, rows.Batch * rows.Keys * value.Heads * valueWidth, 1),
        };
    }

    public static AttentionCase Create(TokenRows rows, int heads, int kv, int keyWidth, int valueWidth, float magnitude = 1) =>
        Create(rows, HeadMap.Grouped(heads, heads), HeadMap.Grouped(kv, heads), HeadMap.Grouped(kv, heads), keyWidth, valueWidth, magnitude);

    /// <summary>The same operands for a core that keeps so many weights of a query.</summary>
    public AttentionCase Selecting(int keep, double? scale = null) => new()
    {
        Geometry = new AttendGeometry(Geometry.Query, Geometry.Key, Geometry.Value, Geometry.KeyWidth, Geometry.ValueWidth, scale ?? Geometry.Scale) { Keep = keep },
        Rows = Rows,
        Query = Query,
        Key = Key,
        Value = Value,
        Sinks = Sinks,
        Score = Score,
        Visible = Visible,
        Segments = Segments,
    };

    public (float[] Output, float[] Lse) Run<TScore, TMask>(TScore score, TMask mask, int threads = 0)
        where TScore : struct, IScore
        where TMask : struct, IPairMask
    {
        // Garbage in the results: every element must be written.
        float[] output = Filled(Rows.Batch * Rows.Tokens * Geometry.ScoreHeads * Geometry.ValueWidth);
        float[] lse = Filled(Rows.Batch * Rows.Tokens * Geometry.ScoreHeads);
        FusedAttention.Forward(
            Geometry,
            Query,
            HeadRows<float>.Dense(Key, Rows.Keys, Geometry.Key.Heads, Geometry.KeyWidth),
            HeadRows<float>.Dense(Value, Rows.Keys, Geometry.Value.Heads, Geometry.ValueWidth),
            Sinks,
            Rows,
            score,
            mask,
            output,
            lse,
            threads);
        return (output, lse);
    }

    /// <summary>Compares a run with the naive loop; the message names the worst element.</summary>
    public void Check<TScore, TMask>(TScore score, TMask mask, string what, double tolerance = 4e-6)
        where TScore : struct, IScore
        where TMask : struct, IPairMask
    {
        (float[] output, float[] lse) = Run(score, mask);
        (double[] expected, double[] expectedLse) = Reference(output);
        string label = string.Create(CultureInfo.InvariantCulture, $"{what}, T {Rows.Tokens}, S {Rows.Keys}, widths {Geometry.KeyWidth}/{Geometry.ValueWidth}");
        Compare.Close(expected, output, tolerance, label + ", output");
        Compare.Close(expectedLse, lse, tolerance * 4, label + ", lse");
    }

    /// <param name="found">What is compared. Where the last score that counts and the first that does not are equal within the rounding of float32, the result of either choice is right: the one that is nearer to this.</param>
    public (double[] Output, double[] Lse) Reference(float[]? found = null)
    {
        int heads = Geometry.ScoreHeads;
        int dk = Geometry.KeyWidth;
        int dv = Geometry.ValueWidth;
        var output = new double[Rows.Batch * Rows.Tokens * heads * dv];
        var lse = new double[Rows.Batch * Rows.Tokens * heads];
        Array.Fill(lse, double.NegativeInfinity);
        var scores = new double[Rows.Keys];
        for (int b = 0; b < Rows.Batch; b++)
        {
            for (int t = 0; t < Rows.Count(b); t++)
            {
                int row = Rows.Past(b) + t;
                for (int h = 0; h < heads; h++)
                {
                    double maximum = double.NegativeInfinity;
                    for (int j = 0; j < Rows.KeyCount(b); j++)
                    {
                        scores[j] = double.NegativeInfinity;
                        if (Visible(row, j) && (!Segments || Rows.QuerySegment(b, t) == Rows.KeySegment(b, j)))
                        {
                            double s = 0;
                            for (int c = 0; c < dk; c++)
                            {
                                s += (double)Query[((((b * Rows.Tokens) + t) * Geometry.Query.Heads) + Geometry.Query.Of(h)) * dk + c]
                                    * Key[((((b * Rows.Keys) + j) * Geometry.Key.Heads) + Geometry.Key.Of(h)) * dk + c];
                            }

                            scores[j] = Score(s * Geometry.Scale, row, j, h);
                            maximum = Math.Max(maximum, scores[j]);
                        }
                    }

                    if (double.IsNegativeInfinity(maximum))
                    {
                        continue;
                    }

                    double sum = 0;
                    for (int j = 0; j < Rows.KeyCount(b); j++)
                    {
                        sum += Math.Exp(scores[j] - maximum);
                    }

                    int place = (((b * Rows.Tokens) + t) * heads) + h;
                    lse[place] = maximum + Math.Log(sum);
                    double total = Sinks.Length == 0 ? sum : sum + Math.Exp(Sinks[h] - maximum);
                    int[] seen = [.. Enumerable.Range(0, Rows.KeyCount(b)).Where(j => !double.IsNegativeInfinity(scores[j]))];
                    if (Geometry.Keep == 0 || Geometry.Keep >= seen.Length)
                    {
                        Add(seen, output.AsSpan(place * dv, dv));
                        continue;
                    }

                    // A stable sort: of equal scores the first key is the largest.
                    int[] order = [.. seen.OrderByDescending(j => scores[j])];
                    Add(order[..Geometry.Keep], output.AsSpan(place * dv, dv));
                    double gap = scores[order[Geometry.Keep - 1]] - scores[order[Geometry.Keep]];
                    if (found is not null && gap > 0 && gap < 1e-5)
                    {
                        var other = new double[dv];
                        Add([.. order[..(Geometry.Keep - 1)], order[Geometry.Keep]], other);
                        if (Distance(other, found.AsSpan(place * dv, dv)) < Distance(output.AsSpan(place * dv, dv), found.AsSpan(place * dv, dv)))
                        {
                            other.CopyTo(output, place * dv);
                        }
                    }

                    void Add(int[] keys, Span<double> sums)
                    {
                        foreach (int j in keys)
                        {
                            double p = Math.Exp(scores[j] - maximum) / total;
                            for (int c = 0; c < dv; c++)
                            {
                                sums[c] += p * Value[((((b * Rows.Keys) + j) * Geometry.Value.Heads) + Geometry.Value.Of(h)) * dv + c];
                            }
                        }
                    }
                }
            }
        }

        return (output, lse);
    }

    private static double Distance(ReadOnlySpan<double> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int c = 0; c < a.Length; c++)
        {
            sum += Math.Abs(a[c] - b[c]);
        }

        return sum;
    }

    private static float[] Random(Random random, int length, float magnitude)
    {
        var values = new float[length];
        for (int i = 0; i < length; i++)
        {
            values[i] = magnitude * ((2 * random.NextSingle()) - 1);
        }

        return values;
    }

    private static float[] Filled(int length)
    {
        var values = new float[length];
        Array.Fill(values, 12345f);
        return values;
    }
}
