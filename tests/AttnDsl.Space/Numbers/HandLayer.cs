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

        Heads("q_norm", q, rows, facts.QueryHeads);
        Heads("k_norm", k, rows, facts.KeyHeads);
        double[] v = Linear("v_proj", x, rows, facts.Dim, facts.ValueHeads * facts.Width);
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

                    facts.Rotation?.Turn(vector, rows.Position(b, t));
                }
            }
        }
    }

    // With several heads each of them is mapped by the same matrix.
    private double[] Linear(string name, double[] x, TokenRows rows, int from, int to, int heads = 1)
    {
        double[] matrix = weights[name + ".weight"].Data;
        bool biased = name switch { "o_proj" => facts.OutputBias, "q_proj" or "k_proj" or "v_proj" => facts.Bias, _ => false };
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
