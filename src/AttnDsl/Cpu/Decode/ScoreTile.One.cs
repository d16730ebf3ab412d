using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttnDsl.Cpu;

/// <content>One query per key.</content>
internal static unsafe partial class ScoreTile
{
    /// <summary>1 query, 8 keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run1<TLanes, T>(in ScoreCall call, T* keys, long stride, int count, float* scores, Lookahead ahead)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where T : unmanaged
    {
        int width = TLanes.Count;
        int last = count - 1;
        for (int key = 0; key < count; key += 8)
        {
            float* target = scores + key;
            int pace = ahead.Pace(8 * sizeof(float) * TLanes.Count);
            byte* next = ahead.At;
            float* q = call.Query;
            T* k0 = keys + (key * stride);
            T* k1 = keys + (Math.Min(key + 1, last) * stride);
            T* k2 = keys + (Math.Min(key + 2, last) * stride);
            T* k3 = keys + (Math.Min(key + 3, last) * stride);
            T* k4 = keys + (Math.Min(key + 4, last) * stride);
            T* k5 = keys + (Math.Min(key + 5, last) * stride);
            T* k6 = keys + (Math.Min(key + 6, last) * stride);
            T* k7 = keys + (Math.Min(key + 7, last) * stride);
            TLanes s00 = default;
            TLanes s01 = default;
            TLanes s02 = default;
            TLanes s03 = default;
            TLanes s04 = default;
            TLanes s05 = default;
            TLanes s06 = default;
            TLanes s07 = default;
            for (int load = call.Full; load > 0; load--)
            {
                Prefetching.Ahead<TLanes>(next, 8 * sizeof(float) * TLanes.Count);
                next += pace;
                if (typeof(T) == typeof(float))
                {
                    TLanes x0 = TLanes.Load((float*)k0);
                    TLanes x1 = TLanes.Load((float*)k1);
                    TLanes x2 = TLanes.Load((float*)k2);
                    TLanes x3 = TLanes.Load((float*)k3);
                    TLanes x4 = TLanes.Load((float*)k4);
                    TLanes x5 = TLanes.Load((float*)k5);
                    TLanes x6 = TLanes.Load((float*)k6);
                    TLanes x7 = TLanes.Load((float*)k7);
                    TLanes y0 = TLanes.Load(q);
                    s00 = TLanes.MultiplyAdd(x0, y0, s00);
                    s01 = TLanes.MultiplyAdd(x1, y0, s01);
                    s02 = TLanes.MultiplyAdd(x2, y0, s02);
                    s03 = TLanes.MultiplyAdd(x3, y0, s03);
                    s04 = TLanes.MultiplyAdd(x4, y0, s04);
                    s05 = TLanes.MultiplyAdd(x5, y0, s05);
                    s06 = TLanes.MultiplyAdd(x6, y0, s06);
                    s07 = TLanes.MultiplyAdd(x7, y0, s07);
                    q += width;
                    k0 += width;
                    k1 += width;
                    k2 += width;
                    k3 += width;
                    k4 += width;
                    k5 += width;
                    k6 += width;
                    k7 += width;
                }
                else
                {
                    Channels.Widen((ushort*)k0, out TLanes x0, out TLanes z0);
                    s00 = TLanes.MultiplyAdd(x0, TLanes.Load(q), s00);
                    s00 = TLanes.MultiplyAdd(z0, TLanes.Load(q + width), s00);
                    Channels.Widen((ushort*)k1, out TLanes x1, out TLanes z1);
                    s01 = TLanes.MultiplyAdd(x1, TLanes.Load(q), s01);
                    s01 = TLanes.MultiplyAdd(z1, TLanes.Load(q + width), s01);
                    Channels.Widen((ushort*)k2, out TLanes x2, out TLanes z2);
                    s02 = TLanes.MultiplyAdd(x2, TLanes.Load(q), s02);
                    s02 = TLanes.MultiplyAdd(z2, TLanes.Load(q + width), s02);
                    Channels.Widen((ushort*)k3, out TLanes x3, out TLanes z3);
                    s03 = TLanes.MultiplyAdd(x3, TLanes.Load(q), s03);
                    s03 = TLanes.MultiplyAdd(z3, TLanes.Load(q + width), s03);
                    Channels.Widen((ushort*)k4, out TLanes x4, out TLanes z4);
                    s04 = TLanes.MultiplyAdd(x4, TLanes.Load(q), s04);
                    s04 = TLanes.MultiplyAdd(z4, TLanes.Load(q + width), s04);
                    Channels.Widen((ushort*)k5, out TLanes x5, out TLanes z5);
                    s05 = TLanes.MultiplyAdd(x5, TLanes.Load(q), s05);
                    s05 = TLanes.MultiplyAdd(z5, TLanes.Load(q + width), s05);
                    Channels.Widen((ushort*)k6, out TLanes x6, out TLanes z6);
                    s06 = TLanes.MultiplyAdd(x6, TLanes.Load(q), s06);
                    s06 = TLanes.MultiplyAdd(z6, TLanes.Load(q + width), s06);
                    Channels.Widen((ushort*)k7, out TLanes x7, out TLanes z7);
                    s07 = TLanes.MultiplyAdd(x7, TLanes.Load(q), s07);
                    s07 = TLanes.MultiplyAdd(z7, TLanes.Load(q + width), s07);
                    q += 2 * width;
                    k0 += 2 * width;
                    k1 += 2 * width;
                    k2 += 2 * width;
                    k3 += 2 * width;
                    k4 += 2 * width;
                    k5 += 2 * width;
                    k6 += 2 * width;
                    k7 += 2 * width;
                }
            }

            Vector256<float> sums = EightSums.Of(s00, s01, s02, s03, s04, s05, s06, s07);
            sums.Store(target);
            ahead.Advance<TLanes>(next, 8);
        }
    }
}
