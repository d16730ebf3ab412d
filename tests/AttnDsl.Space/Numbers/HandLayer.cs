using System;
using System.Linq;

namespace AttnDsl.Space.Numbers;

/// <summary>
/// Any layer of the vocabulary, written by hand from the sheets and driven by <see cref="Facts"/>: the oracle that does not come from the compiler's plan. It counts its multiply-adds.
/// </summary>
internal sealed class HandLayer(Facts facts, AttentionWeights<double> weights)
{
    /// <summary>Multiply-adds of linear and attention steps so far.</summary>
    public long MultiplyAdds { get; private set; }

    /// <summary>The step over a cache that a token of a row comes with: its first token and how many there are. Null: everything at once.</summary>
    public Func<int, int, (int First, int Count)>? StepOf { get; init; }

    /// <summary>x [B, T, dim] to [B, T, dim].</summary>
    public double[] Forward(double[] x, TokenRows rows)
    {
        double[] q = Queries(x, rows);
        (double[] k, double[] v) = facts.Latent is { } latent ? Latents(latent, x, rows) : facts.Tied is { } shared ? States(shared, x, rows) : (Keys(x, rows), Values(x, rows));
        (q, k) = Joined(q, k, rows);
        Heads("q_norm", q, rows, facts.QueryHeads);
        Heads("k_norm", k, rows, facts.KeyHeads);
        return Linear("o_proj", Core(q, k, v, rows).Output, rows, facts.ScoreHeads * facts.ValueWidth, facts.Dim);
    }

    private double[] Queries(double[] x, TokenRows rows)
    {
        int all = facts.QueryHeads * facts.KeyWidth;
        double[] q = facts.QueryRank is { } rank
            ? Linear(facts.Bottleneck.Up, Normed(Linear(facts.Bottleneck.Down, x, rows, facts.Dim, rank), facts.Bottleneck.Norm, rank, 0, rank, facts.QueryEps), rows, rank, all)
            : Linear("q_proj", x, rows, facts.Dim, all);
        if (facts.Augmented is { } hidden)
        {
            double[] gate = Linear("q_gate_proj", q, rows, all, hidden);
            double[] up = Linear("q_up_proj", q, rows, all, hidden);
            q = Linear("q_down_proj", [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)], rows, hidden, all);
        }

        return q;
    }

    private double[] Keys(double[] x, TokenRows rows)
    {
        double[] k = Linear("k_proj", x, rows, facts.Dim, facts.KeyHeads * facts.KeptKeyWidth);
        return facts.KeptKeyWidth < facts.Width ? Linear("k_expand", k, rows, facts.KeptKeyWidth, facts.Width, facts.KeyHeads) : k;
    }

    // Normalised latents, one a group of heads, and one rotary key a token, the latter shared by all heads.
    private (double[] K, double[] V) Latents(LatentFacts latent, double[] x, TokenRows rows)
    {
        int row = (latent.Count * latent.Rank) + latent.Rope;
        int pair = latent.Nope + latent.Value;
        int heads = facts.QueryHeads / latent.Count;
        double[] low = Linear(latent.Down, x, rows, facts.Dim, row);
        int tokens = low.Length / row;
        var k = new double[tokens * facts.QueryHeads * facts.KeyWidth];
        var v = new double[tokens * facts.QueryHeads * latent.Value];
        for (int group = 0; group < latent.Count; group++)
        {
            low = latent.Eps is { } eps ? Normed(low, latent.Norm(group), row, group * latent.Rank, latent.Rank, eps) : low;
            var c = new double[tokens * latent.Rank];
            for (int at = 0; at < tokens; at++)
            {
                low.AsSpan((at * row) + (group * latent.Rank), latent.Rank).CopyTo(c.AsSpan(at * latent.Rank));
            }

            double[] up = Linear(latent.Up(group), c, rows, latent.Rank, heads * pair);
            for (int at = 0; at < tokens * heads; at++)
            {
                int head = (at / heads * facts.QueryHeads) + (group * heads) + (at % heads);
                up.AsSpan(at * pair, latent.Nope).CopyTo(k.AsSpan(head * facts.KeyWidth));
                up.AsSpan((at * pair) + latent.Nope, latent.Value).CopyTo(v.AsSpan(head * latent.Value));
                low.AsSpan((at / heads * row) + row - latent.Rope, latent.Rope).CopyTo(k.AsSpan((head * facts.KeyWidth) + latent.Nope));
            }
        }

        return (k, v);
    }

    // The value is the state; the key is the state with the shared key in place of its last channels.
    private (double[] K, double[] V) States(int shared, double[] x, TokenRows rows)
    {
        int states = facts.KeyHeads * facts.Width;
        double[] v = Linear("kv_proj", x, rows, facts.Dim, states);
        double[] r = Linear("W_rope_k", x, rows, facts.Dim, shared);
        var k = (double[])v.Clone();
        for (int at = 0; at < v.Length; at += facts.Width)
        {
            r.AsSpan(at / states * shared, shared).CopyTo(k.AsSpan(at + facts.Width - shared));
        }

        return (k, v);
    }

    // Some channels of rows, normalised.
    private double[] Normed(double[] values, string name, int row, int first, int channels, double eps)
    {
        double[] gain = weights[name + ".weight"].Data;
        var normed = (double[])values.Clone();
        for (int at = 0; at < values.Length; at += row)
        {
            Span<double> vector = normed.AsSpan(at + first, channels);
            double root = Math.Sqrt((Dot(vector, vector) / channels) + eps);
            for (int c = 0; c < channels; c++)
            {
                vector[c] = vector[c] / root * gain[c];
            }
        }

        return normed;
    }

    /// <summary>q [B, T, Hq, dk], k [B, S, Hk, dk], v [B, S, Hv, dv].</summary>
    public CoreResult<double> Core(double[] q, double[] k, double[] v, TokenRows rows)
    {
        int d = facts.KeyWidth;
        int width = facts.ValueWidth;
        var output = new double[rows.Batch * rows.Tokens * facts.ScoreHeads * width];
        var lse = new double[rows.Batch * rows.Tokens * facts.ScoreHeads];
        double[] sinks = facts.Sink ? weights["sinks"].Data : [];
        for (int b = 0; b < rows.Batch; b++)
        {
            for (int t = 0; t < rows.Count(b); t++)
            {
                int[] visible = [.. Enumerable.Range(0, rows.KeyCount(b)).Where(j => Sees(rows, b, t, j))];
                for (int h = 0; h < facts.ScoreHeads; h++)
                {
                    int queryHead = facts.Tiled ? h % facts.QueryHeads : h;
                    int keyHead = h / (facts.ScoreHeads / facts.KeyHeads);
                    int valueHead = h / (facts.ScoreHeads / facts.ValueHeads);
                    int at = (((b * rows.Tokens) + t) * facts.ScoreHeads) + h;
                    ReadOnlySpan<double> query = q.AsSpan((((b * rows.Tokens) + t) * facts.QueryHeads * d) + (queryHead * d), d);
                    var scores = new double[visible.Length];
                    for (int n = 0; n < visible.Length; n++)
                    {
                        double[] key = k.AsSpan((((b * rows.Keys) + visible[n]) * facts.KeyHeads * d) + (keyHead * d), d).ToArray();
                        int gone = Gone(b, t, visible[n]);
                        if (gone > 0)
                        {
                            facts.Rotation?.Turn(key, gone, magnitude: 1);
                        }

                        scores[n] = Score(Dot(query, key), h, rows.Past(b) + t - visible[n] - gone);
                    }

                    double most = scores.Append(double.NegativeInfinity).Max();
                    lse[at] = visible.Length == 0 ? double.NegativeInfinity : most + Math.Log(scores.Sum(s => Math.Exp(s - most)));
                    double peak = facts.Sink ? Math.Max(most, sinks[h]) : most;
                    double sum = scores.Sum(s => Math.Exp(s - peak)) + (facts.Sink ? Math.Exp(sinks[h] - peak) : 0);
                    bool[] counts = Chosen(scores);
                    for (int n = 0; n < visible.Length; n++)
                    {
                        if (!counts[n])
                        {
                            continue;
                        }

                        double p = Math.Exp(scores[n] - peak) / sum;
                        for (int c = 0; c < width; c++)
                        {
                            output[(at * width) + c] += p * v[(((b * rows.Keys) + visible[n]) * facts.ValueHeads * width) + (valueHead * width) + c];
                        }
                    }

                    MultiplyAdds += ((long)visible.Length * d) + ((long)counts.Count(c => c) * width);
                }
            }
        }

        return new CoreResult<double>(output, lse);
    }

    /// <summary>How far, relative to its size, the last score that counted was above the first that did not, at least; infinite where nothing was left out.</summary>
    public double LeastGap { get; private set; } = double.PositiveInfinity;

    // The largest scores; of equal ones the first, for the sort is stable.
    private bool[] Chosen(double[] scores)
    {
        int keep = (int)Math.Min(facts.Keep ?? long.MaxValue, scores.Length);
        int[] order = [.. Enumerable.Range(0, scores.Length).OrderByDescending(n => scores[n])];
        if (keep < scores.Length)
        {
            LeastGap = Math.Min(LeastGap, (scores[order[keep - 1]] - scores[order[keep]]) / (1 + Math.Abs(scores[order[keep]])));
        }

        var counts = new bool[scores.Length];
        foreach (int n in order[..keep])
        {
            counts[n] = true;
        }

        return counts;
    }

    /// <summary>Whether query t of row b may see key j.</summary>
    public bool Sees(TokenRows rows, int b, int t, int j)
    {
        int i = rows.Past(b) + t;
        return !(facts.Causal is not null && j > i)
            && !(facts.Left is { } left && j < i - left)
            && !(facts.Right is { } right && j > i + right)
            && !(StepOf?.Invoke(b, t) is { } step && facts.Ring is { } ring && !ring.Has(j, step.First, step.Count))
            && !(facts.Segments && rows.QuerySegment(b, t) != rows.KeySegment(b, j));
    }

    // Tokens that a ring has let go of between a sink and the others, where distances do not count them.
    private int Gone(int b, int t, int j) => StepOf?.Invoke(b, t) is { } step && facts.Ring is { BySlot: true } ring && j < ring.Sinks ? ring.Gone(step.First, step.Count) : 0;

    // Scale, soft-cap, bias: in this order.
    private double Score(double product, int head, int distance)
    {
        double score = facts.Scale * product;
        score = facts.Cap is { } cap ? cap * Math.Tanh(score / cap) : score;
        return facts.Alibi ? score - (Slope(head) * Math.Abs(distance)) : score;
    }

    private double Slope(int head)
    {
        int power = (int)Math.Pow(2, Math.Floor(Math.Log2(facts.ScoreHeads)));
        return head < power
            ? Math.Pow(2, -8.0 * (head + 1) / power)
            : Math.Pow(2, -8.0 * ((2 * (head - power)) + 1) / (2.0 * power));
    }

    // Convolutions of queries and keys side by side, then the mean of what went into them.
    private (double[] Q, double[] K) Joined(double[] q, double[] k, TokenRows rows)
    {
        if (facts.Convolutions is null && !facts.SharesMeans)
        {
            return (q, k);
        }

        (int d, int hq, int hk) = (facts.Width, facts.QueryHeads, facts.KeyHeads);
        double[] newQ = (double[])q.Clone();
        double[] newK = (double[])k.Clone();
        double At(int b, int t, int h, int c) => t < 0 ? 0
            : h < hq ? q[(((((b * rows.Tokens) + t) * hq) + h) * d) + c]
            : k[(((((b * rows.Tokens) + t) * hk) + h - hq) * d) + c];
        for (int b = 0; b < rows.Batch; b++)
        {
            for (int t = 0; t < rows.Count(b); t++)
            {
                for (int h = 0; h < hq + hk; h++)
                {
                    for (int c = 0; c < d; c++)
                    {
                        double value = facts.Convolutions is { } lengths ? Convolved(b, t, h, c, lengths) : At(b, t, h, c);
                        if (facts.SharesMeans)
                        {
                            int group = hq / hk;
                            double sum = 0;
                            int first = h < hq ? h : (h - hq) * group;
                            int count = h < hq ? 1 : group;
                            for (int query = first; query < first + count; query++)
                            {
                                sum += (At(b, t, query, c) + At(b, t, hq + (query / group), c)) / 2;
                            }

                            value += sum / count;
                        }

                        if (h < hq)
                        {
                            newQ[(((((b * rows.Tokens) + t) * hq) + h) * d) + c] = value;
                        }
                        else
                        {
                            newK[(((((b * rows.Tokens) + t) * hk) + h - hq) * d) + c] = value;
                        }
                    }
                }
            }
        }

        return (newQ, newK);

        double Convolved(int b, int t, int h, int o, (int Seq, int Head) lengths)
        {
            (double[] slow, double[] slowBias) = (weights["conv_seq.weight"].Data, weights["conv_seq.bias"].Data);
            (double[] mixing, double[] mixingBias) = (weights["conv_head.weight"].Data, weights["conv_head.bias"].Data);
            int row = (h * d) + o;
            double sum = mixingBias[row];
            for (int c = 0; c < d; c++)
            {
                for (int j = 0; j < lengths.Head; j++)
                {
                    double inner = slowBias[(h * d) + c];
                    for (int i = 0; i < lengths.Seq; i++)
                    {
                        inner += slow[(((h * d) + c) * lengths.Seq) + i] * At(b, t - lengths.Head + 1 + j - lengths.Seq + 1 + i, h, c);
                    }

                    sum += mixing[(((row * d) + c) * lengths.Head) + j] * inner;
                }
            }

            return sum;
        }
    }

    private double[] Values(double[] x, TokenRows rows)
    {
        int features = facts.ValueHeads * facts.ValueWidth;
        if (!facts.Shifts)
        {
            return Linear("v_proj", x, rows, facts.Dim, features);
        }

        int half = features / 2;
        double[] late = new double[x.Length];
        for (int b = 0; b < rows.Batch; b++)
        {
            for (int t = 1; t < rows.Count(b); t++)
            {
                Array.Copy(x, ((b * rows.Tokens) + t - 1) * facts.Dim, late, ((b * rows.Tokens) + t) * facts.Dim, facts.Dim);
            }
        }

        double[] current = Linear("v_proj_current", x, rows, facts.Dim, half);
        double[] delayed = Linear("v_proj_delayed", late, rows, facts.Dim, half);
        double[] v = new double[rows.Batch * rows.Tokens * features];
        for (int token = 0; token < rows.Batch * rows.Tokens; token++)
        {
            Array.Copy(current, token * half, v, token * features, half);
            Array.Copy(delayed, token * half, v, (token * features) + half, half);
        }

        return v;
    }

    // Norms and rotation of projected heads, in place: of all channels, or of a latent layer's first and last ones.
    private void Heads(string norm, double[] u, TokenRows rows, int heads)
    {
        int d = facts.KeyWidth;
        int n = facts.NormedWidth;
        for (int b = 0; b < rows.Batch; b++)
        {
            for (int t = 0; t < rows.Count(b); t++)
            {
                for (int h = 0; h < heads; h++)
                {
                    Span<double> vector = u.AsSpan((((b * rows.Tokens) + t) * heads * d) + (h * d), d);
                    if (facts.NormEps is { } eps)
                    {
                        Span<double> normed = vector[..n];
                        double root = Math.Sqrt((Dot(normed, normed) / n) + eps);
                        double[] gain = weights[norm + ".weight"].Data;
                        for (int c = 0; c < n; c++)
                        {
                            normed[c] = normed[c] / root * (facts.OnePlus ? 1 + gain[c] : gain[c]);
                        }
                    }

                    if (facts.UnitLength)
                    {
                        double factor = Math.Sqrt(d) / Math.Max(Math.Sqrt(Dot(vector, vector)), Math.Pow(2, -52));
                        factor *= norm != "k_norm" ? 1 : facts.RawTemperature ? weights["temp"].Data[h] : Math.Exp(weights["log_temp"].Data[h]);
                        for (int c = 0; c < d; c++)
                        {
                            vector[c] *= factor;
                        }
                    }

                    facts.Rotation?.Turn(vector[(facts.TurnsFrom)..], rows.Position(b, t));
                }
            }
        }
    }

    // With several heads each of them is mapped by the same matrix.
    private double[] Linear(string name, double[] x, TokenRows rows, int from, int to, int heads = 1)
    {
        double[] matrix = weights[name + ".weight"].Data;
        double[]? bias = facts.IsBiased(name) ? weights[name + ".bias"].Data : null;
        var y = new double[rows.Batch * rows.Tokens * heads * to];
        for (int b = 0; b < rows.Batch; b++)
        {
            for (int t = 0; t < rows.Count(b) * heads; t++)
            {
                int at = (b * rows.Tokens * heads) + t;
                for (int r = 0; r < to; r++)
                {
                    y[(at * to) + r] = Dot(matrix.AsSpan(r * from, from), x.AsSpan(at * from, from)) + (bias?[r] ?? 0);
                }

                MultiplyAdds += (long)from * to;
            }
        }

        return y;
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }
}
