using System;

namespace AttnDsl.Cpu;

/// <summary>Linear maps of many heads with one output each: sums over a few channels, for which a matrix product per head would be all overhead.</summary>
internal static unsafe class DepthwiseMaps
{
    /// <summary>y[t, h] = Σ_c x[t, h, c] w[h, c] + bias[h].</summary>
    public static void Apply(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, Span<float> y, int tokens, int input, int heads, int threads)
    {
        fixed (float* px = x, pw = weight, pb = bias, py = y)
        {
            Call.Rent().Run(px, pw, pb, py, tokens, input, heads, Kind.Forward, CpuThreads.Resolve(threads));
        }
    }

    /// <summary>y[t, h, c] = x[t, h] w[h, c].</summary>
    public static void ApplyTransposed(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, Span<float> y, int tokens, int input, int heads, int threads)
    {
        fixed (float* px = x, pw = weight, py = y)
        {
            Call.Rent().Run(px, pw, null, py, tokens, input, heads, Kind.Transposed, CpuThreads.Resolve(threads));
        }
    }

    /// <summary>y[h, c] = Σ_t a[t, h] b[t, h, c], tokens in order.</summary>
    public static void OuterSum(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y, int tokens, int columns, int heads, bool accumulate, int threads)
    {
        fixed (float* pa = a, pb = b, py = y)
        {
            Call.Rent().Run(pa, pb, null, py, tokens, columns, heads, accumulate ? Kind.MoreSums : Kind.Sums, CpuThreads.Resolve(threads));
        }
    }

    private enum Kind
    {
        Forward,
        Transposed,
        Sums,
        MoreSums,
    }

    private sealed class Call : RowJob
    {
        [ThreadStatic]
        private static Call? _idle;

        private float* _x;
        private float* _weight;
        private float* _bias;
        private float* _y;
        private int _tokens;
        private int _width;
        private int _heads;
        private Kind _kind;

        public static Call Rent()
        {
            Call call = _idle ?? new();
            _idle = null;
            return call;
        }

        public void Run(float* x, float* weight, float* bias, float* y, int tokens, int width, int heads, Kind kind, int threads)
        {
            _x = x;
            _weight = weight;
            _bias = bias;
            _y = y;
            _tokens = tokens;
            _width = width;
            _heads = heads;
            _kind = kind;
            bool byHead = kind is Kind.Sums or Kind.MoreSums;
            RunRows(byHead ? heads : tokens, (long)width * (byHead ? tokens : heads), threads);
            _idle = this;
        }

        protected override void Rows(int first, int end, Workspace workspace)
        {
            for (int row = first; row < end; row++)
            {
                switch (_kind)
                {
                    case Kind.Forward:
                        Forward(row);
                        break;
                    case Kind.Transposed:
                        Transposed(row);
                        break;
                    default:
                        Sums(row);
                        break;
                }
            }
        }

        private void Forward(int token)
        {
            float* x = _x + ((long)token * _heads * _width);
            float* w = _weight;
            float* y = _y + ((long)token * _heads);
            for (int h = 0; h < _heads; h++, x += _width, w += _width)
            {
                float sum = _bias == null ? 0 : _bias[h];
                for (int c = 0; c < _width; c++)
                {
                    sum += x[c] * w[c];
                }

                y[h] = sum;
            }
        }

        private void Transposed(int token)
        {
            float* x = _x + ((long)token * _heads);
            float* w = _weight;
            float* y = _y + ((long)token * _heads * _width);
            for (int h = 0; h < _heads; h++, w += _width, y += _width)
            {
                for (int c = 0; c < _width; c++)
                {
                    y[c] = x[h] * w[c];
                }
            }
        }

        private void Sums(int head)
        {
            float* y = _y + ((long)head * _width);
            if (_kind == Kind.Sums)
            {
                new Span<float>(y, _width).Clear();
            }

            for (int t = 0; t < _tokens; t++)
            {
                float a = _x[((long)t * _heads) + head];
                float* b = _weight + ((((long)t * _heads) + head) * _width);
                for (int c = 0; c < _width; c++)
                {
                    y[c] += a * b[c];
                }
            }
        }
    }
}
