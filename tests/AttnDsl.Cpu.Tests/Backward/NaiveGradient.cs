using System;
using System.Numerics;
using AttnDsl.Cpu;
using AttnDsl.Cpu.Tests.Attention;

namespace AttnDsl.Cpu.Tests.Backward;

/// <summary>Forward and gradients by naive loops in any precision: in double the truth, in float the yardstick.</summary>
internal sealed class NaiveGradient<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public NaiveGradient(AttentionCase attention, ReadOnlySpan<float> outputGradient, Func<double, int, int, int, double> derivative)
    {
        AttendGeometry geometry = attention.Geometry;
        TokenRows rows = attention.Rows;
        T[] q = Convert(attention.Query);
        T[] k = Convert(attention.Key);
        T[] v = Convert(attention.Value);
        T[] sinks = Convert(attention.Sinks);
        T[] dO = Convert(outputGradient);
        Query = new T[q.Length];
        Key = new T[k.Length];
        Value = new T[v.Length];
        Sinks = new T[sinks.Length];
        Output = new T[dO.Length];
        Lse = new T[rows.Batch * rows.Tokens * geometry.ScoreHeads];
        Array.Fill(Lse, T.NegativeInfinity);
        int dk = geometry.KeyWidth;
        int dv = geometry.ValueWidth;
        T scale = T.CreateTruncating(geometry.Scale);
        var z = new T[rows.Keys];
        var p = new T[rows.Keys];
        var seen = new bool[rows.Keys];
        var o = new T[dv];
        for (int b = 0; b < rows.Batch; b++)
        {
            for (int h = 0; h < geometry.ScoreHeads; h++)
            {
                for (int t = 0; t < rows.Count(b); t++)
                {
                    int row = rows.Past(b) + t;
                    int qAt = ((((b * rows.Tokens) + t) * geometry.Query.Heads) + geometry.Query.Of(h)) * dk;
                    int oAt = ((((b * rows.Tokens) + t) * geometry.ScoreHeads) + h) * dv;
                    T maximum = T.NegativeInfinity;
                    for (int j = 0; j < rows.KeyCount(b); j++)
                    {
                        seen[j] = attention.Visible(row, j) && (!attention.Segments || rows.QuerySegment(b, t) == rows.KeySegment(b, j));
                        if (!seen[j])
                        {
                            continue;
                        }

                        int kAt = ((((b * rows.Keys) + j) * geometry.Key.Heads) + geometry.Key.Of(h)) * dk;
                        z[j] = T.Zero;
                        for (int c = 0; c < dk; c++)
                        {
                            z[j] += q[qAt + c] * k[kAt + c];
                        }

                        z[j] *= scale;
                        p[j] = T.CreateTruncating(attention.Score(double.CreateTruncating(z[j]), row, j, h));
                        maximum = T.Max(maximum, p[j]);
                    }

                    if (maximum == T.NegativeInfinity)
                    {
                        continue;
                    }

                    T sum = T.Zero;
                    for (int j = 0; j < rows.KeyCount(b); j++)
                    {
                        sum += seen[j] ? T.Exp(p[j] - maximum) : T.Zero;
                    }

                    T lse = maximum + T.Log(sum);
                    T share = sinks.Length == 0 ? T.One : T.One / (T.One + T.Exp(sinks[h] - lse));
                    Array.Clear(o);
                    for (int j = 0; j < rows.KeyCount(b); j++)
                    {
                        p[j] = seen[j] ? T.Exp(p[j] - lse) * share : T.Zero;
                        for (int c = 0; c < dv && seen[j]; c++)
                        {
                            o[c] += p[j] * v[(((((b * rows.Keys) + j) * geometry.Value.Heads) + geometry.Value.Of(h)) * dv) + c];
                        }
                    }

                    o.CopyTo(Output, oAt);
                    Lse[oAt / dv] = lse;
                    T delta = T.Zero;
                    for (int c = 0; c < dv; c++)
                    {
                        delta += dO[oAt + c] * o[c];
                    }

                    if (sinks.Length > 0)
                    {
                        Sinks[h] -= (T.One - share) * delta;
                    }

                    for (int j = 0; j < rows.KeyCount(b); j++)
                    {
                        if (!seen[j])
                        {
                            continue;
                        }

                        int kAt = ((((b * rows.Keys) + j) * geometry.Key.Heads) + geometry.Key.Of(h)) * dk;
                        int vAt = ((((b * rows.Keys) + j) * geometry.Value.Heads) + geometry.Value.Of(h)) * dv;
                        T dp = T.Zero;
                        for (int c = 0; c < dv; c++)
                        {
                            dp += dO[oAt + c] * v[vAt + c];
                            Value[vAt + c] += p[j] * dO[oAt + c];
                        }

                        T dz = p[j] * (dp - delta) * T.CreateTruncating(derivative(double.CreateTruncating(z[j]), row, j, h)) * scale;
                        T term = T.Abs(p[j] * delta * scale);
                        for (int c = 0; c < dk; c++)
                        {
                            LargestTerm = T.Max(LargestTerm, term * T.Max(T.Abs(k[kAt + c]), T.Abs(q[qAt + c])));
                            Query[qAt + c] += dz * k[kAt + c];
                            Key[kAt + c] += dz * q[qAt + c];
                        }
                    }
                }
            }
        }
    }

    public T[] Output { get; }

    public T[] Lse { get; }

    public T[] Query { get; }

    public T[] Key { get; }

    public T[] Value { get; }

    public T[] Sinks { get; }

    /// <summary>Largest of the terms p · D · k and p · D · q: where dP and D cancel, what float can resolve goes by these and not by what is left.</summary>
    public T LargestTerm { get; private set; }

    private static T[] Convert(ReadOnlySpan<float> values)
    {
        var converted = new T[values.Length];
        for (int i = 0; i < converted.Length; i++)
        {
            converted[i] = T.CreateTruncating(values[i]);
        }

        return converted;
    }
}
