using System;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Scores;
using AttnDsl.Compiler.Plan.Steps;

namespace AttnDsl.Compiler.Tests.Plans;

/// <content>The attention core.</content>
public sealed partial class PlanInterpreter
{
    private void Attend(AttendStep s)
    {
        int[] o = Shape(s.Output);
        (int heads, int valueWidth) = (o[2], o[3]);
        int[] columns = Columns(s.K.Type.Dims[1]);
        double[] output = new double[o.Aggregate(1, (p, e) => p * e)];
        double[] lse = new double[_batch * _tokens * heads];
        int keyHeads = (int)s.Settings.Key.Heads;
        double[] byKeyHead = new double[_batch * _tokens * keyHeads * columns.Length];
        for (int b = 0; b < _batch; b++)
        {
            for (int t = 0; t < _tokens; t++)
            {
                for (int h = 0; h < heads; h++)
                {
                    int row = (((b * _tokens) + t) * heads) + h;
                    double?[] scores = columns.Select((column, j) => Visible(s.Settings.Mask, b, t, h, heads, column)
                        ? Score(s, b, t, h, column, Dot(s, b, t, h, j))
                        : (double?)null).ToArray();
                    lse[row] = LogSum(scores);
                    double total = WithSink(s, h, lse[row]);
                    for (int j = 0; j < columns.Length; j++)
                    {
                        if (scores[j] is not { } score)
                        {
                            continue;
                        }

                        if (s.Settings.Selects && scores.Where((other, i) => other > score || (other == score && i < j)).Count() >= s.Settings.Keep)
                        {
                            continue;
                        }

                        double p = Math.Exp(score - total);
                        byKeyHead[((((b * _tokens) + t) * keyHeads) + (int)s.Settings.Key.Of(h)) * columns.Length + j] += p;
                        for (int c = 0; c < valueWidth; c++)
                        {
                            output[(row * valueWidth) + c] += p * Value(s, b, j, h)[c];
                            MultiplyAdds++;
                        }
                    }
                }
            }
        }

        Set(s.Output, output);
        Set(s.Lse, lse);
        if (s.Outputs.Count > 2)
        {
            Set(s.Outputs[2], byKeyHead);
        }
    }

    private void AttendGradient(AttendGradientStep g)
    {
        AttendStep s = g.Forward;
        int[] columns = Columns(s.K.Type.Dims[1]);
        int heads = (int)s.Settings.ScoreHeads;
        (int dk, int dv) = ((int)s.KeyWidth, (int)s.ValueWidth);
        double[] lse = Get(s.Lse);
        double[][] gradients = g.Outputs.Select(o => new double[Shape(o).Aggregate(1, (p, e) => p * e)]).ToArray();
        for (int b = 0; b < _batch; b++)
        {
            for (int t = 0; t < _tokens; t++)
            {
                for (int h = 0; h < heads; h++)
                {
                    int row = (((b * _tokens) + t) * heads) + h;
                    ReadOnlySpan<double> outputGradient = Get(g.OutputGradient).AsSpan(row * dv, dv);
                    double total = WithSink(s, h, lse[row]);
                    double delta = Dot(outputGradient, Get(s.Output).AsSpan(row * dv, dv));
                    if (s.Sink is { } sink)
                    {
                        gradients[3][h] -= Math.Exp(Get(sink)[h] - total) * delta;
                    }

                    int q = ((((b * _tokens) + t) * (int)s.Settings.Query.Heads) + (int)s.Settings.Query.Of(h)) * dk;
                    for (int j = 0; j < columns.Length; j++)
                    {
                        if (!Visible(s.Settings.Mask, b, t, h, heads, columns[j]))
                        {
                            continue;
                        }

                        double z = Dot(s, b, t, h, j);
                        double p = Math.Exp(Score(s, b, t, h, columns[j], z) - total);
                        double dp = Dot(outputGradient, Value(s, b, j, h));
                        double slope = new ScoreInterpreter(z, _past + t, columns[j], h, Setting.Buffers).Of(g.ScoreDerivative);
                        double dz = p * (dp - delta) * slope * s.Settings.Scale;
                        int k = (((b * columns.Length) + j) * (int)s.Settings.Key.Heads + (int)s.Settings.Key.Of(h)) * dk;
                        for (int c = 0; c < dk; c++)
                        {
                            gradients[0][q + c] += dz * Get(s.K)[k + c];
                            gradients[1][k + c] += dz * Get(s.Q)[q + c];
                        }

                        int v = (((b * columns.Length) + j) * (int)s.Settings.Value.Heads + (int)s.Settings.Value.Of(h)) * dv;
                        for (int c = 0; c < dv; c++)
                        {
                            gradients[2][v + c] += p * outputGradient[c];
                        }

                        // The scores again came with their own count: dp, dq, dk and dv are left.
                        MultiplyAdds += (2 * dk) + (2 * dv);
                    }
                }
            }
        }

        for (int i = 0; i < gradients.Length; i++)
        {
            Set(g.Outputs[i], gradients[i]);
        }
    }

    private double Dot(AttendStep s, int b, int t, int h, int j)
    {
        int width = (int)s.KeyWidth;
        int q = ((b * _tokens) + t) * (int)s.Settings.Query.Heads + (int)s.Settings.Query.Of(h);
        int k = ((b * Shape(s.K)[1]) + j) * (int)s.Settings.Key.Heads + (int)s.Settings.Key.Of(h);
        MultiplyAdds += width;
        return s.Settings.Scale * Dot(Get(s.Q).AsSpan(q * width, width), Get(s.K).AsSpan(k * width, width));
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double sum = 0;
        for (int c = 0; c < a.Length; c++)
        {
            sum += a[c] * b[c];
        }

        return sum;
    }

    private ReadOnlySpan<double> Value(AttendStep s, int b, int j, int h)
    {
        if (s.Values is { } values)
        {
            int row = ((b * Shape(s.K)[1]) + j) * (int)s.Settings.Value.Heads + (int)s.Settings.Value.Of(h);
            return Get(values).AsSpan(row * (int)s.ValueWidth, (int)s.ValueWidth);
        }

        int key = ((b * Shape(s.K)[1]) + j) * (int)s.Settings.Key.Heads + (int)s.Settings.Key.Of(h);
        return Get(s.K).AsSpan(key * (int)s.KeyWidth, (int)s.ValueWidth);
    }

    private double Score(AttendStep s, int b, int t, int h, int column, double z) =>
        new ScoreInterpreter(z, _past + t, column, h, Setting.Buffers).Of(s.Settings.Score);

    private static double LogSum(double?[] scores)
    {
        double max = scores.Max() ?? double.NegativeInfinity;
        return double.IsNegativeInfinity(max) ? max : max + Math.Log(scores.Sum(x => x is { } score ? Math.Exp(score - max) : 0));
    }

    private double WithSink(AttendStep s, int h, double lse)
    {
        if (s.Sink is not { } sink)
        {
            return lse;
        }

        double logit = Get(sink)[h];
        double max = Math.Max(lse, logit);
        return max + Math.Log(Math.Exp(lse - max) + Math.Exp(logit - max));
    }

    private bool Visible(Mask mask, int b, int t, int h, int heads, int column) => mask.Clauses.All(clause => clause.Atoms.Any(atom => Holds(atom, b, t, h, heads, column)));

    private bool Holds(MaskAtom atom, int b, int t, int h, int heads, int column)
    {
        int row = _past + t;
        switch (atom)
        {
            case CausalAtom:
                return column <= row;
            case WindowAtom w:
                return row - column <= (w.Left ?? long.MaxValue) && column - row <= (w.Right ?? long.MaxValue);
            case SinkTokensAtom s:
                return column < s.Count;
            case SegmentAtom:
                return Setting.Segments![b, row] == Setting.Segments[b, column];
            case WindowCompleteAtom w:
                return (column * w.Stride) + w.Length - 1 <= row;
            case PredicateAtom p:
                return new ScoreInterpreter(0, row, column, h, Setting.Buffers).Of(p.NotNegative) >= 0;
            case ListAtom l:
                int[] shape = Shape(l.List);
                int listHead = h / (heads / shape[2]);
                return _lists[l.List][(((b * shape[1]) + (t / (int)l.QueryUnit)) * shape[2]) + listHead].Contains(column / (int)l.KeyUnit);
            default:
                throw new ArgumentOutOfRangeException(nameof(atom), atom, "no such atom");
        }
    }
}
