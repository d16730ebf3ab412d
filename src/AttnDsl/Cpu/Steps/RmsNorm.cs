using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttnDsl.Cpu;

/// <summary>Root-mean-square normalisation over the last axis. Called by generated code.</summary>
public static unsafe class RmsNorm
{
    /// <summary>y = x · r · gain, r = 1 / √(mean(x²) + epsilon), row by row; the gain is w, or 1 + w.</summary>
    /// <param name="x">[rows, width].</param>
    /// <param name="gain">[width].</param>
    /// <param name="y">[rows, width], overwritten; may be x.</param>
    /// <param name="width">Channels of a row.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <param name="onePlus">The gain is 1 + w.</param>
    /// <param name="threads">Threads to use at most; 0: <see cref="CpuThreads.Count"/>.</param>
    /// <exception cref="ArgumentException">A span has not the length its shape asks for.</exception>
    public static void Apply(ReadOnlySpan<float> x, ReadOnlySpan<float> gain, Span<float> y, int width, double epsilon, bool onePlus, int threads = 0)
    {
        int rows = StepChecks.Rows(nameof(x), x.Length, width);
        StepChecks.Length(nameof(gain), gain.Length, width);
        StepChecks.Length(nameof(y), y.Length, x.Length);
        threads = CpuThreads.Resolve(threads);
        fixed (float* px = x, pg = gain, py = y)
        {
            Call.Rent().Run(px, pg, py, rows, width, epsilon, onePlus, threads);
        }
    }

    private sealed class Call : RowJob
    {
        [ThreadStatic]
        private static Call? _idle;

        private float* _x;
        private float* _gain;
        private float* _y;
        private int _width;
        private double _epsilon;
        private float _one;

        public static Call Rent()
        {
            Call call = _idle ?? new();
            _idle = null;
            return call;
        }

        public void Run(float* x, float* gain, float* y, int rows, int width, double epsilon, bool onePlus, int threads)
        {
            _x = x;
            _gain = gain;
            _y = y;
            _width = width;
            _epsilon = epsilon;
            _one = onePlus ? 1 : 0;
            RunRows(rows, width, threads);
            _idle = this;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        protected override void Rows(int first, int end, Workspace workspace)
        {
            Vector256<float> one = Vector256.Create(_one);
            for (int row = first; row < end; row++)
            {
                float* x = _x + ((long)row * _width);
                float* y = _y + ((long)row * _width);
                float r = (float)(1 / Math.Sqrt((RowSums.Squares(x, _width) / _width) + _epsilon));
                Vector256<float> factor = Vector256.Create(r);
                int i = 0;
                for (; i + 8 <= _width; i += 8)
                {
                    (Vector256.Load(x + i) * factor * (Vector256.Load(_gain + i) + one)).Store(y + i);
                }

                for (; i < _width; i++)
                {
                    y[i] = x[i] * r * (_gain[i] + _one);
                }
            }
        }
    }
}
