using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttnDsl.Cpu;

/// <content>Two queries per key.</content>
internal static unsafe partial class ScoreTile
{
    /// <summary>2 queries, 4 keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run2<TLanes, T>(in ScoreCall call, T* keys, long stride, int count, float* scores, Lookahead ahead)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where T : unmanaged
    {
        int width = TLanes.Count;
        int last = count - 1;
        for (int key = 0; key < count; key += 4)
        {
            float* target = scores + key;
            int pace = ahead.Pace(4 * sizeof(float) * TLanes.Count);
            byte* next = ahead.At;
            float* q = call.Query;
            T* k0 = keys + (key * stride);
            T* k1 = keys + (Math.Min(key + 1, last) * stride);
            T* k2 = keys + (Math.Min(key + 2, last) * stride);
            T* k3 = keys + (Math.Min(key + 3, last) * stride);
            TLanes s00 = default;
            TLanes s01 = default;
            TLanes s02 = default;
            TLanes s03 = default;
            TLanes s10 = default;
            TLanes s11 = default;
            TLanes s12 = default;
            TLanes s13 = default;
            for (int load = call.Full; load > 0; load--)
            {
                Prefetching.Ahead<TLanes>(next, 4 * sizeof(float) * TLanes.Count);
                next += pace;
                if (typeof(T) == typeof(float))
                {
                    TLanes x0 = TLanes.Load((float*)k0);
                    TLanes x1 = TLanes.Load((float*)k1);
                    TLanes x2 = TLanes.Load((float*)k2);
                    TLanes x3 = TLanes.Load((float*)k3);
                    TLanes y0 = TLanes.Load(q);
                    s00 = TLanes.MultiplyAdd(x0, y0, s00);
                    s01 = TLanes.MultiplyAdd(x1, y0, s01);
                    s02 = TLanes.MultiplyAdd(x2, y0, s02);
                    s03 = TLanes.MultiplyAdd(x3, y0, s03);
                    TLanes y1 = TLanes.Load(q + width);
                    s10 = TLanes.MultiplyAdd(x0, y1, s10);
                    s11 = TLanes.MultiplyAdd(x1, y1, s11);
                    s12 = TLanes.MultiplyAdd(x2, y1, s12);
                    s13 = TLanes.MultiplyAdd(x3, y1, s13);
                    q += 2 * width;
                    k0 += width;
                    k1 += width;
                    k2 += width;
                    k3 += width;
                }
                else
                {
                    Channels.Widen((ushort*)k0, out TLanes x0, out TLanes z0);
                    s00 = TLanes.MultiplyAdd(x0, TLanes.Load(q), s00);
                    s10 = TLanes.MultiplyAdd(x0, TLanes.Load(q + width), s10);
                    s00 = TLanes.MultiplyAdd(z0, TLanes.Load(q + (2 * width)), s00);
                    s10 = TLanes.MultiplyAdd(z0, TLanes.Load(q + (3 * width)), s10);
                    Channels.Widen((ushort*)k1, out TLanes x1, out TLanes z1);
                    s01 = TLanes.MultiplyAdd(x1, TLanes.Load(q), s01);
                    s11 = TLanes.MultiplyAdd(x1, TLanes.Load(q + width), s11);
                    s01 = TLanes.MultiplyAdd(z1, TLanes.Load(q + (2 * width)), s01);
                    s11 = TLanes.MultiplyAdd(z1, TLanes.Load(q + (3 * width)), s11);
                    Channels.Widen((ushort*)k2, out TLanes x2, out TLanes z2);
                    s02 = TLanes.MultiplyAdd(x2, TLanes.Load(q), s02);
                    s12 = TLanes.MultiplyAdd(x2, TLanes.Load(q + width), s12);
                    s02 = TLanes.MultiplyAdd(z2, TLanes.Load(q + (2 * width)), s02);
                    s12 = TLanes.MultiplyAdd(z2, TLanes.Load(q + (3 * width)), s12);
                    Channels.Widen((ushort*)k3, out TLanes x3, out TLanes z3);
                    s03 = TLanes.MultiplyAdd(x3, TLanes.Load(q), s03);
                    s13 = TLanes.MultiplyAdd(x3, TLanes.Load(q + width), s13);
                    s03 = TLanes.MultiplyAdd(z3, TLanes.Load(q + (2 * width)), s03);
                    s13 = TLanes.MultiplyAdd(z3, TLanes.Load(q + (3 * width)), s13);
                    q += 4 * width;
                    k0 += 2 * width;
                    k1 += 2 * width;
                    k2 += 2 * width;
                    k3 += 2 * width;
                }
            }

            Vector256<float> sums = EightSums.Of(s00, s01, s02, s03, s10, s11, s12, s13);
            sums.GetLower().Store(target);
            sums.GetUpper().Store(target + call.ScoreRow);
            ahead.Advance<TLanes>(next, 4);
        }
    }
}
