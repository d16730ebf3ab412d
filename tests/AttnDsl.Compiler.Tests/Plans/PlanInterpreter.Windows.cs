using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;

namespace AttnDsl.Compiler.Tests.Plans;

/// <content>Windows, caches and selectors.</content>
public sealed partial class PlanInterpreter
{
    private enum Window
    {
        Mean,
        Rows,
    }

    /// <summary>Tokens to windows, or the transposed map; one loop says both so that the pair cannot drift apart, and finite differences check the forward.</summary>
    private double[] Windowed(PlanValue tokens, PlanValue windows, long length, long stride, Window form, bool transpose)
    {
        int[] narrow = Shape(tokens);
        int[] wide = Shape(windows);
        int width = narrow[3];
        double[] from = Get(transpose ? windows : tokens);
        double[] to = new double[Shape(transpose ? tokens : windows).Aggregate(1, (p, e) => p * e)];

        // Row 0 of recent rows lies before the block; window 0 of new windows is not the sequence's first.
        Dim axis = windows.Type.Dims[1];
        int first = axis.Kind == DimKind.NewWindows ? (int)axis.WindowsIn(_past) : 0;
        int origin = tokens.Type.Dims[1].Kind == DimKind.Recent ? _past - (int)tokens.Type.Dims[1].Length : 0;
        for (int b = 0; b < wide[0]; b++)
        {
            for (int c = 0; c < wide[1]; c++)
            {
                for (int i = 0; i < length; i++)
                {
                    int token = ((first + c) * (int)stride) + i - origin;
                    for (int h = 0; h < wide[2]; h++)
                    {
                        for (int e = 0; e < width; e++)
                        {
                            int t = (((((b * narrow[1]) + token) * narrow[2]) + h) * width) + e;
                            int w = (((((b * wide[1]) + c) * wide[2]) + h) * wide[3]) + (form == Window.Rows ? (i * width) + e : e);
                            double share = form == Window.Mean ? 1.0 / length : 1;
                            (int target, int source) = transpose ? (t, w) : (w, t);
                            to[target] += share * from[source];
                        }
                    }
                }
            }
        }

        return to;
    }

    private double[] Append(AppendStep s)
    {
        CacheStreamSpec stream = s.Stream;
        double[] all = Cache(s).Append(stream.Group + "." + stream.Name, Get(s.X), (int)(stream.Heads * stream.Width));
        Dim axis = s.Output.Type.Dims[1];
        return axis.Kind == DimKind.Kept ? Choose(all, Shape(s.Output), Columns(axis)) : all;
    }

    private double[] History(HistoryStep s) => Cache(s).Append("state." + s.State.Name, Get(s.X), (int)s.X.Type.ConstantElements);

    private PlanCache Cache(PlanStep step) => Setting.Cache ?? throw new InvalidOperationException(step.Kind + " needs a cache");

    /// <summary>Rows before the block, 0 where the sequence has none, and the block.</summary>
    private double[] LastRows(double[] all, PlanValue output, long rows) =>
        Choose(all, Shape(output), Enumerable.Range(_past - (int)rows, (int)rows + _tokens).ToArray());

    private double[] Choose(double[] all, int[] shape, int[] rows)
    {
        int size = shape[2] * shape[3];
        int count = all.Length / (_batch * size);
        double[] chosen = new double[_batch * rows.Length * size];
        for (int b = 0; b < _batch; b++)
        {
            for (int r = 0; r < rows.Length; r++)
            {
                if (rows[r] >= 0)
                {
                    Array.Copy(all, ((b * count) + rows[r]) * size, chosen, ((b * rows.Length) + r) * size, size);
                }
            }
        }

        return chosen;
    }

    /// <summary>The absolute index of every key along an axis: a token, or the number of a window.</summary>
    private int[] Columns(Dim axis)
    {
        int extent = (int)axis.At(_batch, _tokens, _past);
        if (axis.Ring is not { } ring || _past <= ring.Sinks + ring.Recent)
        {
            return Enumerable.Range(0, extent).ToArray();
        }

        return [.. Enumerable.Range(0, (int)ring.Sinks), .. Enumerable.Range(_past - (int)ring.Recent, (int)ring.Recent + _tokens)];
    }

    private double[] UnitScores(UnitScoresStep s)
    {
        int units = Shape(s.Output)[^1];
        int perUnit = (int)(s.Unit / s.Stride);
        int overlap = (int)(s.Length / s.Stride);
        int windows = Shape(s.X)[^1];
        double[] p = Get(s.X);
        int rows = Shape(s.Output).SkipLast(1).Aggregate(1, (a, e) => a * e);
        double[] y = new double[rows * units];
        for (int row = 0; row < rows; row++)
        {
            for (int u = 0; u < units; u++)
            {
                for (int m = 0; m < perUnit; m++)
                {
                    for (int r = 0; r < overlap; r++)
                    {
                        int window = (u * perUnit) + m - r;
                        y[(row * units) + u] += window >= 0 && window < windows ? p[(row * windows) + window] : 0;
                    }
                }
            }
        }

        return y;
    }

    private int[][] TopUnits(TopUnitsStep s)
    {
        int[] shape = Shape(s.X);
        return Get(s.X).Chunk(shape[^1]).Select((scores, row) =>
        {
            int own = (_past + (row / shape[2] % shape[1])) / (int)s.Unit;
            bool Forced(int unit) => unit < s.First || unit > own - s.Last;
            return Enumerable.Range(0, own + 1)
                .OrderByDescending(Forced)
                .ThenByDescending(unit => scores[unit])
                .ThenBy(unit => unit)
                .Take((int)s.Count)
                .Order()
                .ToArray();
        }).ToArray();
    }

    private static double[] TopMask(double[] row, int count)
    {
        HashSet<int> kept = [.. Enumerable.Range(0, row.Length).OrderByDescending(i => row[i]).ThenBy(i => i).Take(count)];
        return row.Select((_, i) => kept.Contains(i) ? 1.0 : 0).ToArray();
    }
}
