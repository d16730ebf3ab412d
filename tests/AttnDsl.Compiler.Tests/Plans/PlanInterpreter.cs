using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Tests.Plans;

/// <summary>
/// Runs a body in double precision, step by step, from the doc comments of the step kinds alone: an oracle for derivatives, for the paper plans and for cost formulas.
/// Rows are as long as the block; positions are absolute indices.
/// </summary>
public sealed partial class PlanInterpreter
{
    private readonly Dictionary<PlanValue, double[]> _values = [];
    private readonly Dictionary<PlanValue, int[][]> _lists = [];
    private readonly Dictionary<PlanValue, int[]> _shapes = [];
    private readonly Dictionary<string, PlanValue> _names = new(StringComparer.Ordinal);
    private readonly int _batch;
    private readonly int _tokens;
    private readonly int _past;

    private PlanInterpreter(PlanSetting setting)
    {
        Setting = setting;
        _batch = setting.Batch;
        _tokens = setting.Tokens;
        _past = setting.Cache?.Past ?? setting.Past;
    }

    /// <summary>Multiply-adds of linear and attention steps, counted as they happen, over all batch rows.</summary>
    public long MultiplyAdds { get; private set; }

    public IReadOnlyList<double[]> Outputs { get; private set; } = [];

    private PlanSetting Setting { get; }

    /// <summary>A value of the body by its name.</summary>
    public double[] this[string name] => _values[_names[name]];

    /// <summary>A list of the body: units per (row, query, list head).</summary>
    public int[][] List(string name) => _lists[_names[name]];

    public static PlanInterpreter Run(PlanBody body, PlanSetting setting)
    {
        var run = new PlanInterpreter(setting);
        foreach (PlanValue given in body.Inputs.Concat(body.Weights))
        {
            run.Set(given, setting.Given[given.Name]);
        }

        foreach (PlanStep step in body.Steps)
        {
            run.Execute(step);
        }

        run.Outputs = body.Outputs.Select(o => run._values[o]).ToArray();
        setting.Cache?.Commit(setting.Tokens);
        return run;
    }

    /// <summary>Extents of a value in this run.</summary>
    public static int[] Shape(TensorType type, int batch, int tokens, int past) => type.Dims.Select(d => (int)d.At(batch, tokens, past)).ToArray();

    private int[] Shape(PlanValue value)
    {
        if (!_shapes.TryGetValue(value, out int[]? shape))
        {
            shape = Shape(value.Type, _batch, _tokens, _past);
            _shapes.Add(value, shape);
        }

        return shape;
    }

    private void Set(PlanValue value, double[] data)
    {
        int count = Shape(value).Aggregate(1, (p, e) => p * e);
        if (data.Length != count)
        {
            throw new ArgumentException($"{value}: expected {count} numbers, got {data.Length}", nameof(data));
        }

        _values[value] = data;
        _names[value.Name] = value;
    }

    private double[] Get(PlanValue value) => _values[value];

    private void Execute(PlanStep step)
    {
        switch (step)
        {
            case AttendStep attend:
                Attend(attend);
                break;
            case AttendGradientStep gradient:
                AttendGradient(gradient);
                break;
            case SplitStep split:
                Split(split);
                break;
            case TopUnitsStep top:
                _lists[top.Output] = TopUnits(top);
                _names[top.Output.Name] = top.Output;
                break;
            default:
                Set(step.Output, Result(step));
                break;
        }
    }

    private double[] Result(PlanStep step) => step switch
    {
        LinearStep s => Linear(s),
        OuterSumStep s => OuterSum(s),
        ElementwiseStep s => Elementwise(s),
        SumToStep s => SumTo(s),
        RepeatToStep s => Broadcast.Map(Shape(s.Output), Shape(s.X)).Select(i => Get(s.X)[i]).ToArray(),
        ScaleStep s => Get(s.X).Select(x => s.Factor * x).ToArray(),
        ReshapeStep s => Get(s.X),
        StopGradientStep s => Get(s.X),
        ReduceStep s => Rows(s.X, row => [Reduce(s, row)]),
        RmsNormStep s => Rows(s.X, row => RmsNorm(s, row)),
        SoftmaxStep s => Rows(s.X, Softmax),
        ActivationStep s => Get(s.X).Select(x => Activation(s.Activation, x)).ToArray(),
        ConcatStep s => Concat(s),
        RopeStep s => Rope(s),
        PoolStep s => Windowed(s.X, s.Output, s.Length, s.Stride, Window.Mean, transpose: false),
        UnpoolStep s => Windowed(s.Output, s.X, s.Length, s.Stride, Window.Mean, transpose: true),
        UnfoldStep s => Windowed(s.X, s.Output, s.Length, s.Stride, Window.Rows, transpose: false),
        FoldStep s => Windowed(s.Output, s.X, s.Length, s.Stride, Window.Rows, transpose: true),
        SurroundStep s => Moved(Get(s.X), s.X, s.Output, -(int)s.Before),
        RowsStep s => Moved(Get(s.X), s.X, s.Output, (int)s.First),
        TapsStep s => Taps(s.X, s.Output, (int)s.Length, back: false),
        UntapStep s => Taps(s.Output, s.X, (int)s.Length, back: true),
        TokenMeanStep s => TokenMean(s),
        TokenSpreadStep s => Broadcast.Map(Shape(s.Output), Shape(s.X)).Select(i => Get(s.X)[i] / (_batch * _tokens)).ToArray(),
        AppendStep s => Append(s),
        HistoryStep s => LastRows(History(s), s.Output, s.Rows),
        TailStep s => LastRows(Get(s.X), s.Output, s.Rows),
        UnitScoresStep s => UnitScores(s),
        TopMaskStep s => Rows(s.X, row => TopMask(row, (int)s.Count)),
        _ => throw new ArgumentOutOfRangeException(nameof(step), step.Kind, "the interpreter has no such step"),
    };

    private double[] Rows(PlanValue x, Func<double[], double[]> apply) => Get(x).Chunk(Shape(x)[^1]).SelectMany(apply).ToArray();

    private double[] Linear(LinearStep s)
    {
        double[] x = Get(s.X);
        double[] w = Get(s.Weight);
        int inputs = Shape(s.X)[^1];
        int outputs = Shape(s.Output)[^1];
        int heads = s.PerHead ? Shape(s.X)[^2] : 1;
        double[] y = new double[x.Length / inputs * outputs];
        for (int row = 0; row < x.Length / inputs; row++)
        {
            int matrix = row % heads * inputs * outputs;
            for (int o = 0; o < outputs; o++)
            {
                for (int c = 0; c < inputs; c++)
                {
                    y[(row * outputs) + o] += x[(row * inputs) + c] * w[matrix + (s.Transposed ? (c * outputs) + o : (o * inputs) + c)];
                    MultiplyAdds++;
                }
            }
        }

        return y;
    }

    private double[] OuterSum(OuterSumStep s)
    {
        double[] a = Get(s.A);
        double[] b = Get(s.B);
        int rows = Shape(s.A)[^1];
        int columns = Shape(s.B)[^1];
        int heads = s.PerHead ? Shape(s.A)[^2] : 1;
        double[] y = new double[heads * rows * columns];
        for (int at = 0; at < a.Length / rows; at++)
        {
            for (int r = 0; r < rows; r++)
            {
                for (int c = 0; c < columns; c++)
                {
                    y[(((at % heads * rows) + r) * columns) + c] += a[(at * rows) + r] * b[(at * columns) + c];
                    MultiplyAdds++;
                }
            }
        }

        return y;
    }

    private double[] Elementwise(ElementwiseStep s)
    {
        double[] a = Get(s.A);
        double[] b = Get(s.B);
        int[] map = Broadcast.Map(Shape(s.A), Shape(s.B));
        return a.Select((x, i) => s.Operator switch
        {
            ElementwiseOperator.Add => x + b[map[i]],
            ElementwiseOperator.Subtract => x - b[map[i]],
            _ => x * b[map[i]],
        }).ToArray();
    }

    private double[] SumTo(SumToStep s)
    {
        double[] x = Get(s.X);
        int[] map = Broadcast.Map(Shape(s.X), Shape(s.Output));
        double[] y = new double[Shape(s.Output).Aggregate(1, (p, e) => p * e)];
        for (int i = 0; i < x.Length; i++)
        {
            y[map[i]] += x[i];
        }

        return y;
    }

    private static double Reduce(ReduceStep s, double[] row) => s.Reduction switch
    {
        Reduction.Sum => row.Sum(),
        Reduction.Mean => row.Average(),
        Reduction.InverseNorm => 1 / Math.Max(Math.Sqrt(row.Sum(x => x * x)), Math.Pow(2, -52)),
        _ => 1 / Math.Sqrt(row.Average(x => x * x) + s.Epsilon),
    };

    private double[] RmsNorm(RmsNormStep s, double[] row)
    {
        double r = 1 / Math.Sqrt(row.Average(x => x * x) + s.Epsilon);
        double[] gain = Get(s.Gain);
        return row.Select((x, c) => x * r * (gain[c] + (s.OnePlus ? 1 : 0))).ToArray();
    }

    private static double[] Softmax(double[] row)
    {
        double max = row.Max();
        double sum = row.Sum(x => Math.Exp(x - max));
        return row.Select(x => Math.Exp(x - max) / sum).ToArray();
    }

    private static double Activation(ActivationKind kind, double x) => kind switch
    {
        ActivationKind.Sigmoid => 1 / (1 + Math.Exp(-x)),
        ActivationKind.Silu => x / (1 + Math.Exp(-x)),
        ActivationKind.Exp => Math.Exp(x),
        ActivationKind.Reciprocal => 1 / Math.Max(x, Math.Pow(2, -52)),
        ActivationKind.Clamp => Math.Clamp(x, 0, 1),
        ActivationKind.Inside => x is >= 0 and <= 1 ? 1 : 0,
        ActivationKind.Abs => Math.Abs(x),
        ActivationKind.Sign => Math.Sign(x),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such activation"),
    };

    private void Split(SplitStep s)
    {
        int[] shape = Shape(s.X);
        (int outer, int extent, int inner) = Broadcast.Around(shape, s.Axis);
        double[] x = Get(s.X);
        int from = 0;
        foreach (PlanValue part in s.Outputs)
        {
            int size = Shape(part)[s.Axis];
            double[] y = new double[outer * size * inner];
            for (int o = 0; o < outer; o++)
            {
                Array.Copy(x, ((o * extent) + from) * inner, y, o * size * inner, size * inner);
            }

            Set(part, y);
            from += size;
        }
    }

    private double[] Concat(ConcatStep s)
    {
        (int outer, int extent, int inner) = Broadcast.Around(Shape(s.Output), s.Axis);
        double[] y = new double[outer * extent * inner];
        int from = 0;
        foreach (PlanValue part in s.Inputs)
        {
            int size = Shape(part)[s.Axis];
            for (int o = 0; o < outer; o++)
            {
                Array.Copy(Get(part), o * size * inner, y, ((o * extent) + from) * inner, size * inner);
            }

            from += size;
        }

        return y;
    }

    private double[] Rope(RopeStep s)
    {
        int[] shape = Shape(s.X);
        int width = shape[^1];
        int half = (int)s.Table.RotaryDim / 2;
        double[] y = [.. Get(s.X)];
        for (int row = 0; row < y.Length / width; row++)
        {
            int at = row / shape[2] % shape[1];
            for (int pair = 0; pair < half; pair++)
            {
                double angle = Position(s.X.Type.Dims[1], at) * s.Table.Frequencies[pair] * (s.Inverse ? -1 : 1);
                bool interleaved = s.Table.Layout == PairLayout.Interleaved;
                int u = (row * width) + (interleaved ? 2 * pair : pair);
                int v = (row * width) + (interleaved ? (2 * pair) + 1 : pair + half);
                (double cos, double sin) = (Math.Cos(angle) * s.Table.Magnitude, Math.Sin(angle) * s.Table.Magnitude);
                (y[u], y[v]) = ((y[u] * cos) - (y[v] * sin), (y[u] * sin) + (y[v] * cos));
            }
        }

        return y;
    }

    /// <summary>Absolute position of a row: its token, or the first token of its window.</summary>
    private double Position(Dim axis, int at) => axis.Kind switch
    {
        DimKind.Tokens => _past + at,
        DimKind.Visible => at,
        DimKind.Windows => at * axis.Stride,
        DimKind.NewWindows => (axis.WindowsIn(_past) + at) * axis.Stride,
        _ => throw new ArgumentOutOfRangeException(nameof(axis), axis, "rows along this axis have no position"),
    };

    /// <summary>y[t] = x[t + first] where there is such a row, else 0.</summary>
    private double[] Moved(double[] x, PlanValue source, PlanValue target, int first)
    {
        (int rows, int results) = (Shape(source)[1], Shape(target)[1]);
        int width = x.Length / (_batch * rows);
        double[] y = new double[_batch * results * width];
        for (int b = 0; b < _batch; b++)
        {
            for (int t = 0; t < results; t++)
            {
                if (t + first >= 0 && t + first < rows)
                {
                    Array.Copy(x, ((b * rows) + t + first) * width, y, ((b * results) + t) * width, width);
                }
            }
        }

        return y;
    }

    /// <summary>Neighbouring rows side by side, channel by channel, or back.</summary>
    private double[] Taps(PlanValue single, PlanValue beside, int length, bool back)
    {
        (int rows, int windows) = (Shape(single)[1], Shape(beside)[1]);
        int width = (int)single.Type.ConstantElements;
        double[] given = Get(back ? beside : single);
        double[] y = new double[_batch * (back ? rows * width : windows * width * length)];
        for (int b = 0; b < _batch; b++)
        {
            for (int t = 0; t < windows; t++)
            {
                for (int c = 0; c < width; c++)
                {
                    for (int j = 0; j < length; j++)
                    {
                        int one = (((b * rows) + t + j) * width) + c;
                        int other = (((((b * windows) + t) * width) + c) * length) + j;
                        y[back ? one : other] += given[back ? other : one];
                    }
                }
            }
        }

        return y;
    }

    private double[] TokenMean(TokenMeanStep s)
    {
        double[] y = new double[s.Output.Type.ConstantElements];
        double[] x = Get(s.X);
        for (int i = 0; i < x.Length; i++)
        {
            y[i % y.Length] += x[i] / (_batch * _tokens);
        }

        return y;
    }
}
