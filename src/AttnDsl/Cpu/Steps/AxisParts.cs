using System;

namespace AttnDsl.Cpu;

/// <summary>Parts of one axis: cut out, and put together. An axis with what lies behind it is a row of elements here. Called by generated code. Outputs must not overlap operands.</summary>
public static unsafe class AxisParts
{
    /// <summary>y[i] = x[i, from … from + size − 1] of every row i.</summary>
    /// <param name="x">[rows, width].</param>
    /// <param name="y">[rows, size], overwritten.</param>
    /// <param name="width">Elements of a row of x.</param>
    /// <param name="from">First element of the part.</param>
    /// <param name="size">Elements of the part.</param>
    /// <param name="threads">Threads to use at most; 0: <see cref="CpuThreads.Count"/>.</param>
    /// <exception cref="ArgumentException">A span has not the length its shape asks for.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The part is no part of a row.</exception>
    public static void Take(ReadOnlySpan<float> x, Span<float> y, int width, int from, int size, int threads = 0)
    {
        int rows = Check(nameof(x), x.Length, width, from, size);
        StepChecks.Length(nameof(y), y.Length, (long)rows * size);
        fixed (float* px = x, py = y)
        {
            Call.Rent().Run(px + from, width, py, size, rows, size, CpuThreads.Resolve(threads));
        }
    }

    /// <summary>y[i, from … from + size − 1] = x[i] of every row i; the rest of y is left alone.</summary>
    /// <param name="x">[rows, size].</param>
    /// <param name="y">[rows, width].</param>
    /// <param name="width">Elements of a row of y.</param>
    /// <param name="from">First element of the part.</param>
    /// <param name="size">Elements of the part.</param>
    /// <param name="threads">Threads to use at most; 0: <see cref="CpuThreads.Count"/>.</param>
    /// <exception cref="ArgumentException">A span has not the length its shape asks for.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The part is no part of a row.</exception>
    public static void Put(ReadOnlySpan<float> x, Span<float> y, int width, int from, int size, int threads = 0)
    {
        int rows = Check(nameof(y), y.Length, width, from, size);
        StepChecks.Length(nameof(x), x.Length, (long)rows * size);
        fixed (float* px = x, py = y)
        {
            Call.Rent().Run(px, size, py + from, width, rows, size, CpuThreads.Resolve(threads));
        }
    }

    private static int Check(string parameter, int length, int width, int from, int size)
    {
        int rows = StepChecks.Rows(parameter, length, width);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from, width - size);
        return rows;
    }

    private sealed class Call : RowJob
    {
        [ThreadStatic]
        private static Call? _idle;

        private float* _x;
        private float* _y;
        private long _xStride;
        private long _yStride;
        private int _size;

        public static Call Rent()
        {
            Call call = _idle ?? new();
            _idle = null;
            return call;
        }

        public void Run(float* x, long xStride, float* y, long yStride, int rows, int size, int threads)
        {
            _x = x;
            _xStride = xStride;
            _y = y;
            _yStride = yStride;
            _size = size;
            RunRows(rows, size, threads);
            _idle = this;
        }

        protected override void Rows(int first, int end, Workspace workspace)
        {
            for (int row = first; row < end; row++)
            {
                new ReadOnlySpan<float>(_x + (row * _xStride), _size).CopyTo(new Span<float>(_y + (row * _yStride), _size));
            }
        }
    }
}
