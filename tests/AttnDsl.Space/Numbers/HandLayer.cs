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

    /// <summary>x [B, T, dim] to [B, T, dim].</summary>
    public double[] Forward(double[] x, TokenRows rows)
    {
        int all = facts.QueryHeads * facts.Width;
        double[] q = Linear("q_proj", x, rows, facts.Dim, all);
        if (facts.Augmented is { } hidden)
        {
            double[] gate = Linear("q_gate_proj", q, rows, all, hidden);
            double[] up = Linear("q_up_proj", q, rows, all, hidden);
            q = Linear("q_down_proj", [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)], rows, hidden, all);
        }

        double[] k = Linear("k_proj", x, rows, facts.Dim, facts.KeyHeads * facts.KeyWidth);
        if (facts.KeyWidth < facts.Width)
        {
            k = Linear("k_expand", k, rows, facts.KeyWidth, facts.Width, facts.KeyHeads);
        }

        (q, k) = Joined(q, k, rows);
        Heads("q_norm", q, rows, facts.QueryHeads);
        Heads("k_norm", k, rows, facts.KeyHeads);
        double[] v = Values(x, rows);
        return Linear("o_proj", Core(q, k, v, rows).Output, rows, facts.ScoreHeads * facts.Width, facts.Dim);
    }

    /// <summary>q [B, T, Hq, d], k [B, S, Hk, d], v [B, S, Hv, d].</summary>
    public CoreResult<double> Core(double[] q, double[] k, double[] v, TokenRows rows)
    {
        int d = facts.Width;
        var output = new double[rows.Batch * rows.Tokens * facts.ScoreHeads * d];
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
                        double product = Dot(query, k.AsSpan((((b * rows.Keys) + visible[n]) * facts.KeyHeads * d) + (keyHead * d), d));
                        scores[n] = Score(product, h, rows.Past(b) + t - visible[n]);
                    }

                    double most = scores.Append(double.NegativeInfinity).Max();
                    lse[at] = visible.Length == 0 ? double.NegativeInfinity : most + Math.Log(scores.Sum(s => Math.Exp(s - most)));
                    double peak = facts.Sink ? Math.Max(most, sinks[h]) : most;
                    double sum = scores.Sum(s => Math.Exp(s - peak)) + (facts.Sink ? Math.Exp(sinks[h] - peak) : 0);
                    for (int n = 0; n < visible.Length; n++)
                    {
                        double p = Math.Exp(scores[n] - peak) / sum;
                        for (int c = 0; c < d; c++)
                        {
                            output[(at * d) + c] += p * v[(((b * rows.Keys) + visible[n]) * facts.ValueHeads * d) + (valueHead * d) + c];
                        }
                    }

                    MultiplyAdds += 2L * visible.Length * d;
                }
            }
        }

        return new CoreResult<double>(output, lse);
    }

    /// <summary>Whether query t of row b may see key j.</summary>
    public bool Sees(TokenRows rows, int b, int t, int j)
    {
        int i = rows.Past(b) + t;
        return !(facts.Causal is not null && j > i)
            && !(facts.Left is { } left && j < i - left)
            && !(facts.Right is { } right && j > i + right)
            && !(facts.Segments && rows.QuerySegment(b, t) != rows.KeySegment(b, j));
    }

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
        int features = facts.ValueHeads * facts.Width;
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

    // Norm, rotation.
    private void Heads(string norm, double[] u, TokenRows rows, int heads)
    {
        int d = facts.Width;
        for (int b = 0; b < rows.Batch; b++)
        {
            for (int t = 0; t < rows.Count(b); t++)
            {
                for (int h = 0; h < heads; h++)
                {
                    Span<double> vector = u.AsSpan((((b * rows.Tokens) + t) * heads * d) + (h * d), d);
                    if (facts.NormEps is { } eps)
                    {
                        double root = Math.Sqrt((Dot(vector, vector) / d) + eps);
                        double[] gain = weights[norm + ".weight"].Data;
                        for (int c = 0; c < d; c++)
                        {
                            vector[c] = vector[c] / root * (facts.OnePlus ? 1 + gain[c] : gain[c]);
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

                    facts.Rotation?.Turn(vector, rows.Position(b, t));
                }
            }
        }
    }

    // With several heads each of them is mapped by the same matrix.
    private double[] Linear(string name, double[] x, TokenRows rows, int from, int to, int heads = 1)
    {
        double[] matrix = weights[name + ".weight"].Data;
        bool biased = name switch { "o_proj" => facts.OutputBias, "q_proj" or "k_proj" or "v_proj" or "v_proj_current" or "v_proj_delayed" => facts.Bias, _ => false };
        double[]? bias = biased ? weights[name + ".bias"].Data : null;
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
