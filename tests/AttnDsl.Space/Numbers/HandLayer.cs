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
        double[] q = Heads("q_proj", "q_norm", x, rows, facts.QueryHeads);
        double[] k = Heads("k_proj", "k_norm", x, rows, facts.KeyHeads);
        double[] v = Heads("v_proj", null, x, rows, facts.KeyHeads);
        return Linear("o_proj", Core(q, k, v, rows).Output, rows, facts.ScoreHeads * facts.Width, facts.Dim);
    }

    /// <summary>q [B, T, Hq, d], k and v [B, S, Hkv, d].</summary>
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
                    for (int n = 0; n < visible.Length; n++)
                    {
                        double p = Math.Exp(scores[n] - peak) / sum;
                        for (int c = 0; c < d; c++)
                        {
                            output[(at * d) + c] += p * v[(((b * rows.Keys) + visible[n]) * facts.KeyHeads * d) + (keyHead * d) + c];
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

    // Projection, norm, rotation.
    private double[] Heads(string projection, string? norm, double[] x, TokenRows rows, int heads)
    {
        int d = facts.Width;
        double[] u = Linear(projection, x, rows, facts.Dim, heads * d);
        if (norm is null)
        {
            return u;
        }

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

        return u;
    }

    private double[] Linear(string name, double[] x, TokenRows rows, int from, int to)
    {
        double[] matrix = weights[name + ".weight"].Data;
        double[]? bias = (name == "o_proj" ? facts.OutputBias : facts.Bias) ? weights[name + ".bias"].Data : null;
        var y = new double[rows.Batch * rows.Tokens * to];
        for (int b = 0; b < rows.Batch; b++)
        {
            for (int t = 0; t < rows.Count(b); t++)
            {
                int at = (b * rows.Tokens) + t;
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
