using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>
/// Products with few rows of A (decode): B is read once from memory, as it lies, and that is the time they take. Nothing is packed.
/// </summary>
internal sealed unsafe class NarrowProduct<TLanes> : TeamJob
    where TLanes : unmanaged, IKernelLanes<TLanes>
{
    /// <summary>Rows up to which this is faster than packing B.</summary>
    public static int MaxRows(bool depthFirstB) => depthFirstB ? 8 : 16;

    // Elements of B below which waking the others costs more than they bring, and that one job reads at least.
    private const long AloneBelow = 64 << 10;
    private const int JobElements = 32 << 10;

    [ThreadStatic]
    private static NarrowProduct<TLanes>? _idle;

    private MatrixProduct _product;
    private int _columnsPerJob;

    public static void Run(in MatrixProduct product, int threads)
    {
        NarrowProduct<TLanes> job = _idle ?? new();
        _idle = null;
        try
        {
            job._product = product;
            int columns = Math.Max(JobElements / Math.Max(product.Depth, 1), 16);

            // A row of depth-first B is contiguous over columns: short pieces of it would waste what the memory sends.
            job._columnsPerJob = product.DepthFirstB ? Math.Clamp(product.Columns / 4 / 256 * 256, 256, 1024) : (columns + 3) / 4 * 4;
            int jobs = (product.Columns + job._columnsPerJob - 1) / job._columnsPerJob;
            CpuTeam.Shared.Run(job, jobs, (long)product.Columns * product.Depth < AloneBelow ? 1 : threads);
        }
        finally
        {
            job._product = default;
            _idle = job;
        }
    }

    public override void Execute(int index, Workspace workspace)
    {
        int from = index * _columnsPerJob;
        int to = Math.Min(from + _columnsPerJob, _product.Columns);
        if (_product.DepthFirstB)
        {
            AddRows(from, to);
        }
        else
        {
            Dots(from, to);
        }
    }

    /// <summary>Columns of B are rows in memory: dot products, four of them with two rows of A at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Dots(int from, int to)
    {
        for (int column = from; column < to; column += 4)
        {
            int count = Math.Min(4, to - column);
            float* b = _product.B + (column * _product.BStride);
            for (int row = 0; row < _product.Rows; row += 2)
            {
                float* a = _product.A + (row * _product.AStride);
                float* c = _product.C + (row * _product.CStride) + column;
                float* bias = _product.Bias == null ? null : _product.Bias + column;
                if (count < 4)
                {
                    for (int i = 0; i < count; i++)
                    {
                        float* start = bias == null ? null : bias + i;
                        float* d = b + (i * _product.BStride);
                        Put(c + i, start, Dot(a, d));
                        if (row + 1 < _product.Rows)
                        {
                            Put(c + i + _product.CStride, start, Dot(a + _product.AStride, d));
                        }
                    }
                }
                else if (row + 1 < _product.Rows)
                {
                    Dots4x2(a, a + _product.AStride, b, c, c + _product.CStride, bias);
                }
                else
                {
                    Dots4(a, b, c, bias);
                }
            }
        }
    }

    private void Put(float* c, float* bias, float sum) => *c = (_product.Accumulate ? *c : bias == null ? 0 : *bias) + sum;

    private float Dot(float* a, float* b)
    {
        int depth = _product.Depth;
        int k = 0;
        TLanes sum = TLanes.Broadcast(0);
        for (; k + TLanes.Count <= depth; k += TLanes.Count)
        {
            sum = TLanes.MultiplyAdd(TLanes.Load(a + k), TLanes.Load(b + k), sum);
        }

        float total = TLanes.Sum(sum);
        for (; k < depth; k++)
        {
            total = MathF.FusedMultiplyAdd(a[k], b[k], total);
        }

        return total;
    }

    private void Dots4x2(float* a, float* a1, float* b, float* c, float* c1, float* bias)
    {
        float* sums = stackalloc float[8 * 16];
        int k = Accumulate4x2(a, a1, b, _product.BStride, _product.Depth, sums);
        Finish(a, b, k, sums, c, bias);
        Finish(a1, b, k, sums + (4 * TLanes.Count), c1, bias);
    }

    private void Dots4(float* a, float* b, float* c, float* bias)
    {
        float* sums = stackalloc float[4 * 16];
        int k = Accumulate4(a, b, _product.BStride, _product.Depth, sums);
        Finish(a, b, k, sums, c, bias);
    }

    /// <summary>The sums leave through memory: a call in the same method, to add up their lanes, would keep half of them there in the loop.</summary>
    /// <returns>Depth done.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Accumulate4x2(float* a, float* a1, float* b, long stride, int depth, float* sums)
    {
        int width = TLanes.Count;
        float* b1 = b + stride;
        float* b2 = b1 + stride;
        float* b3 = b2 + stride;
        TLanes s00 = TLanes.Broadcast(0);
        TLanes s01 = s00;
        TLanes s02 = s00;
        TLanes s03 = s00;
        TLanes s10 = s00;
        TLanes s11 = s00;
        TLanes s12 = s00;
        TLanes s13 = s00;
        int k = 0;
        for (; k + width <= depth; k += width)
        {
            TLanes x0 = TLanes.Load(a + k);
            TLanes x1 = TLanes.Load(a1 + k);
            TLanes w = TLanes.Load(b + k);
            s00 = TLanes.MultiplyAdd(x0, w, s00);
            s10 = TLanes.MultiplyAdd(x1, w, s10);
            w = TLanes.Load(b1 + k);
            s01 = TLanes.MultiplyAdd(x0, w, s01);
            s11 = TLanes.MultiplyAdd(x1, w, s11);
            w = TLanes.Load(b2 + k);
            s02 = TLanes.MultiplyAdd(x0, w, s02);
            s12 = TLanes.MultiplyAdd(x1, w, s12);
            w = TLanes.Load(b3 + k);
            s03 = TLanes.MultiplyAdd(x0, w, s03);
            s13 = TLanes.MultiplyAdd(x1, w, s13);
        }

        TLanes.Store(sums, s00);
        TLanes.Store(sums + width, s01);
        TLanes.Store(sums + (2 * width), s02);
        TLanes.Store(sums + (3 * width), s03);
        TLanes.Store(sums + (4 * width), s10);
        TLanes.Store(sums + (5 * width), s11);
        TLanes.Store(sums + (6 * width), s12);
        TLanes.Store(sums + (7 * width), s13);
        return k;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Accumulate4(float* a, float* b, long stride, int depth, float* sums)
    {
        int width = TLanes.Count;
        float* b1 = b + stride;
        float* b2 = b1 + stride;
        float* b3 = b2 + stride;
        TLanes s0 = TLanes.Broadcast(0);
        TLanes s1 = s0;
        TLanes s2 = s0;
        TLanes s3 = s0;
        int k = 0;
        for (; k + width <= depth; k += width)
        {
            TLanes x = TLanes.Load(a + k);
            s0 = TLanes.MultiplyAdd(x, TLanes.Load(b + k), s0);
            s1 = TLanes.MultiplyAdd(x, TLanes.Load(b1 + k), s1);
            s2 = TLanes.MultiplyAdd(x, TLanes.Load(b2 + k), s2);
            s3 = TLanes.MultiplyAdd(x, TLanes.Load(b3 + k), s3);
        }

        TLanes.Store(sums, s0);
        TLanes.Store(sums + width, s1);
        TLanes.Store(sums + (2 * width), s2);
        TLanes.Store(sums + (3 * width), s3);
        return k;
    }

    /// <summary>The lanes of four sums, the depth that fills no vector, and the result.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Finish(float* a, float* b, int k, float* sums, float* c, float* bias)
    {
        for (int i = 0; i < 4; i++)
        {
            float sum = TLanes.Sum(TLanes.Load(sums + (i * TLanes.Count)));
            for (int rest = k; rest < _product.Depth; rest++)
            {
                sum = MathF.FusedMultiplyAdd(a[rest], b[rest], sum);
            }

            Put(c + i, bias == null ? null : bias + i, sum);
            b += _product.BStride;
        }
    }

    /// <summary>Columns of B lie next to each other: C takes four rows of B at a time, each once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddRows(int from, int to)
    {
        int width = TLanes.Count;
        long stride = _product.BStride;
        for (int row = 0; row < _product.Rows && !_product.Accumulate; row++)
        {
            var target = new Span<float>(_product.C + (row * _product.CStride) + from, to - from);
            if (_product.Bias == null)
            {
                target.Clear();
            }
            else
            {
                new ReadOnlySpan<float>(_product.Bias + from, to - from).CopyTo(target);
            }
        }

        int k = 0;
        for (; k + 4 <= _product.Depth; k += 4)
        {
            float* b = _product.B + (k * stride);
            for (int row = 0; row < _product.Rows; row++)
            {
                float* a = _product.A + (row * _product.AStride) + k;
                float* c = _product.C + (row * _product.CStride);
                TLanes x0 = TLanes.Broadcast(a[0]);
                TLanes x1 = TLanes.Broadcast(a[1]);
                TLanes x2 = TLanes.Broadcast(a[2]);
                TLanes x3 = TLanes.Broadcast(a[3]);
                int column = from;
                for (; column + width <= to; column += width)
                {
                    TLanes sum = TLanes.Load(c + column);
                    sum = TLanes.MultiplyAdd(x0, TLanes.Load(b + column), sum);
                    sum = TLanes.MultiplyAdd(x1, TLanes.Load(b + stride + column), sum);
                    sum = TLanes.MultiplyAdd(x2, TLanes.Load(b + (2 * stride) + column), sum);
                    sum = TLanes.MultiplyAdd(x3, TLanes.Load(b + (3 * stride) + column), sum);
                    TLanes.Store(c + column, sum);
                }

                for (; column < to; column++)
                {
                    float sum = MathF.FusedMultiplyAdd(a[0], b[column], c[column]);
                    sum = MathF.FusedMultiplyAdd(a[1], b[stride + column], sum);
                    sum = MathF.FusedMultiplyAdd(a[2], b[(2 * stride) + column], sum);
                    c[column] = MathF.FusedMultiplyAdd(a[3], b[(3 * stride) + column], sum);
                }
            }
        }

        for (; k < _product.Depth; k++)
        {
            float* b = _product.B + (k * stride);
            for (int row = 0; row < _product.Rows; row++)
            {
                float x = _product.A[(row * _product.AStride) + k];
                float* c = _product.C + (row * _product.CStride);
                for (int column = from; column < to; column++)
                {
                    c[column] = MathF.FusedMultiplyAdd(x, b[column], c[column]);
                }
            }
        }
    }
}
