using System;

namespace AttnDsl.Cpu;

/// <summary>Reductions of the last axis to one number per row. Called by generated code.</summary>
public static unsafe class LastAxis
{
    /// <summary>y[row] = Σ x[row, ·].</summary>
    /// <param name="x">[rows, width].</param>
    /// <param name="y">[rows], overwritten.</param>
    /// <param name="width">Channels of a row.</param>
    /// <param name="threads">Threads to use at most; 0: <see cref="CpuThreads.Count"/>.</param>
    /// <exception cref="ArgumentException">A span has not the length its shape asks for.</exception>
    public static void Sum(ReadOnlySpan<float> x, Span<float> y, int width, int threads = 0) => Run(x, y, width, Kind.Sum, 0, threads);

    /// <summary>y[row] = mean of x[row, ·]; parameters as in <see cref="Sum"/>.</summary>
    public static void Mean(ReadOnlySpan<float> x, Span<float> y, int width, int threads = 0) => Run(x, y, width, Kind.Mean, 0, threads);

    /// <summary>y[row] = 1 / √(mean(x[row, ·]²) + epsilon); parameters as in <see cref="Sum"/>.</summary>
    public static void InverseRms(ReadOnlySpan<float> x, Span<float> y, int width, double epsilon, int threads = 0) => Run(x, y, width, Kind.InverseRms, epsilon, threads);

    /// <summary>y[row] = 1 / max(√(Σ x[row, ·]²), 2⁻²³); parameters as in <see cref="Sum"/>.</summary>
    public static void InverseNorm(ReadOnlySpan<float> x, Span<float> y, int width, int threads = 0) => Run(x, y, width, Kind.InverseNorm, 0, threads);

    private static void Run(ReadOnlySpan<float> x, Span<float> y, int width, Kind kind, double epsilon, int threads)
    {
        int rows = StepChecks.Rows(nameof(x), x.Length, width);
        StepChecks.Length(nameof(y), y.Length, rows);
        threads = CpuThreads.Resolve(threads);
        fixed (float* px = x, py = y)
        {
            Call.Rent().Run(px, py, rows, width, kind, epsilon, threads);
        }
    }

    private enum Kind
    {
        Sum,
        Mean,
        InverseRms,
        InverseNorm,
    }

    private sealed class Call : RowJob
    {
        [ThreadStatic]
        private static Call? _idle;

        private float* _x;
        private float* _y;
        private int _width;
        private Kind _kind;
        private double _epsilon;

        public static Call Rent()
        {
            Call call = _idle ?? new();
            _idle = null;
            return call;
        }

        public void Run(float* x, float* y, int rows, int width, Kind kind, double epsilon, int threads)
        {
            _x = x;
            _y = y;
            _width = width;
            _kind = kind;
            _epsilon = epsilon;
            RunRows(rows, width, threads);
            _idle = this;
        }

        protected override void Rows(int first, int end, Workspace workspace)
        {
            for (int row = first; row < end; row++)
            {
                float* x = _x + ((long)row * _width);
                _y[row] = _kind switch
                {
                    Kind.Sum => RowSums.Plain(x, _width),
                    Kind.Mean => RowSums.Plain(x, _width) / _width,
                    Kind.InverseNorm => (float)(1 / Math.Max(Math.Sqrt(RowSums.Squares(x, _width)), MathF.BitIncrement(1) - 1)),
                    _ => (float)(1 / Math.Sqrt((RowSums.Squares(x, _width) / _width) + _epsilon)),
                };
            }
        }
    }
}
