using System;

namespace AttnDsl.Cpu;

/// <summary>Rows of time next to each other: delays, and the windows of short convolutions. Called by generated code. Outputs must not overlap operands.</summary>
public static unsafe class Neighbours
{
    /// <summary>The block's rows with rows of 0 before and behind them.</summary>
    /// <param name="x">[batch, tokens, width].</param>
    /// <param name="y">[batch, before + tokens + behind, width], overwritten.</param>
    /// <param name="batch">Rows of the batch.</param>
    /// <param name="before">Rows of 0 in front.</param>
    /// <param name="behind">Rows of 0 behind.</param>
    /// <param name="width">Scalars of a row.</param>
    /// <exception cref="ArgumentException">A span has not the length its shape asks for.</exception>
    public static void Surround(ReadOnlySpan<float> x, Span<float> y, int batch, int before, int behind, int width)
    {
        int tokens = Tokens(nameof(x), x.Length, batch, width, 0);
        StepChecks.Length(nameof(y), y.Length, (long)batch * (before + (long)tokens + behind) * width);
        for (int b = 0; b < batch; b++)
        {
            Span<float> row = y.Slice(b * (before + tokens + behind) * width, (before + tokens + behind) * width);
            row[..(before * width)].Clear();
            x.Slice(b * tokens * width, tokens * width).CopyTo(row[(before * width)..]);
            row[((before + tokens) * width)..].Clear();
        }
    }

    /// <summary>As many rows as the block has, from row <paramref name="first"/> on.</summary>
    /// <param name="x">[batch, left + tokens, width].</param>
    /// <param name="y">[batch, tokens, width], overwritten.</param>
    /// <param name="batch">Rows of the batch.</param>
    /// <param name="first">The first row.</param>
    /// <param name="left">Rows left out.</param>
    /// <param name="width">Scalars of a row.</param>
    /// <exception cref="ArgumentException">A span has not the length its shape asks for.</exception>
    public static void Rows(ReadOnlySpan<float> x, Span<float> y, int batch, int first, int left, int width)
    {
        int tokens = Tokens(nameof(x), x.Length, batch, width, left);
        StepChecks.Length(nameof(y), y.Length, (long)batch * tokens * width);
        for (int b = 0; b < batch; b++)
        {
            x.Slice(((b * (left + tokens)) + first) * width, tokens * width).CopyTo(y[(b * tokens * width)..]);
        }
    }

    /// <summary>Every row and the <paramref name="length"/> − 1 rows after it, channel by channel: y[t, c · length + j] = x[t + j, c].</summary>
    /// <param name="x">[batch, rows, width].</param>
    /// <param name="y">[batch, rows − length + 1, width · length], overwritten.</param>
    /// <param name="batch">Rows of the batch.</param>
    /// <param name="length">Rows side by side.</param>
    /// <param name="width">Scalars of a row of x.</param>
    /// <param name="threads">Threads to use at most; 0: <see cref="CpuThreads.Count"/>.</param>
    /// <exception cref="ArgumentException">A span has not the length its shape asks for.</exception>
    public static void Taps(ReadOnlySpan<float> x, Span<float> y, int batch, int length, int width, int threads = 0)
    {
        int outputs = Tokens(nameof(x), x.Length, batch, width, length - 1);
        StepChecks.Length(nameof(y), y.Length, (long)batch * outputs * width * length);
        fixed (float* px = x, py = y)
        {
            Call.Rent().Run(px, py, batch, outputs, length, width, back: false, CpuThreads.Resolve(threads));
        }
    }

    /// <summary>The transpose of <see cref="Taps"/>: y[r, c] = Σ_j x[r − j, c · length + j] over the rows that there are.</summary>
    /// <param name="x">[batch, rows, width · length].</param>
    /// <param name="y">[batch, rows + length − 1, width], overwritten.</param>
    /// <param name="batch">Rows of the batch.</param>
    /// <param name="length">Rows side by side.</param>
    /// <param name="width">Scalars of a row of y.</param>
    /// <param name="threads">Threads to use at most; 0: <see cref="CpuThreads.Count"/>.</param>
    /// <exception cref="ArgumentException">A span has not the length its shape asks for.</exception>
    public static void Untap(ReadOnlySpan<float> x, Span<float> y, int batch, int length, int width, int threads = 0)
    {
        int inputs = Tokens(nameof(x), x.Length, batch, checked(width * length), 0);
        StepChecks.Length(nameof(y), y.Length, (long)batch * (inputs + (long)length - 1) * width);
        fixed (float* px = x, py = y)
        {
            Call.Rent().Run(px, py, batch, inputs, length, width, back: true, CpuThreads.Resolve(threads));
        }
    }

    private static int Tokens(string parameter, int length, int batch, int width, int more)
    {
        int rows = StepChecks.Rows(parameter, length, checked(batch * width));
        return rows >= more
            ? rows - more
            : throw new ArgumentException(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{parameter}: expected at least {more} rows of {width}, got {rows}"), parameter);
    }

    /// <summary>Rows of windows, or of what they are windows of.</summary>
    private sealed class Call : RowJob
    {
        [ThreadStatic]
        private static Call? _idle;

        private float* _x;
        private float* _y;
        private int _windows;
        private int _length;
        private int _width;
        private bool _back;

        public static Call Rent()
        {
            Call call = _idle ?? new();
            _idle = null;
            return call;
        }

        public void Run(float* x, float* y, int batch, int windows, int length, int width, bool back, int threads)
        {
            _x = x;
            _y = y;
            _windows = windows;
            _length = length;
            _width = width;
            _back = back;
            RunRows(batch * (back ? windows + length - 1 : windows), (long)width * length, threads);
            _idle = this;
        }

        protected override void Rows(int first, int end, Workspace workspace)
        {
            for (int row = first; row < end; row++)
            {
                if (_back)
                {
                    Gather(row);
                }
                else
                {
                    Spread(row);
                }
            }
        }

        private void Spread(int row)
        {
            (int b, int t) = Math.DivRem(row, _windows);
            float* x = _x + ((((long)b * (_windows + _length - 1)) + t) * _width);
            float* y = _y + ((long)row * _width * _length);
            for (int j = 0; j < _length; j++, x += _width)
            {
                for (int c = 0; c < _width; c++)
                {
                    y[((long)c * _length) + j] = x[c];
                }
            }
        }

        private void Gather(int row)
        {
            (int b, int r) = Math.DivRem(row, _windows + _length - 1);
            float* y = _y + ((long)row * _width);
            new Span<float>(y, _width).Clear();
            for (int j = Math.Max(0, r - _windows + 1); j < _length && j <= r; j++)
            {
                float* x = _x + ((((long)b * _windows) + r - j) * _width * _length) + j;
                for (int c = 0; c < _width; c++)
                {
                    y[c] += x[(long)c * _length];
                }
            }
        }
    }
}
