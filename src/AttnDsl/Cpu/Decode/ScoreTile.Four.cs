using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttnDsl.Cpu;

/// <content>Four queries per key.</content>
internal static unsafe partial class ScoreTile
{
    /// <summary>4 queries, 2 keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run4<TLanes, T>(in ScoreCall call, T* keys, long stride, int count, float* scores, Lookahead ahead)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where T : unmanaged
    {
        int width = TLanes.Count;
        int last = count - 1;
        for (int key = 0; key < count; key += 2)
        {
            float* target = scores + key;
            int pace = ahead.Pace(2 * sizeof(float) * TLanes.Count);
            byte* next = ahead.At;
            float* q = call.Query;
            T* k0 = keys + (key * stride);
            T* k1 = keys + (Math.Min(key + 1, last) * stride);
            TLanes s00 = default;
            TLanes s01 = default;
            TLanes s10 = default;
            TLanes s11 = default;
            TLanes s20 = default;
            TLanes s21 = default;
            TLanes s30 = default;
            TLanes s31 = default;
            for (int load = call.Full; load > 0; load--)
            {
                Prefetching.Ahead<TLanes>(next, 2 * sizeof(float) * TLanes.Count);
                next += pace;
                if (typeof(T) == typeof(float))
                {
                    TLanes x0 = TLanes.Load((float*)k0);
                    TLanes x1 = TLanes.Load((float*)k1);
                    TLanes y0 = TLanes.Load(q);
                    s00 = TLanes.MultiplyAdd(x0, y0, s00);
                    s01 = TLanes.MultiplyAdd(x1, y0, s01);
                    TLanes y1 = TLanes.Load(q + width);
                    s10 = TLanes.MultiplyAdd(x0, y1, s10);
                    s11 = TLanes.MultiplyAdd(x1, y1, s11);
                    TLanes y2 = TLanes.Load(q + (2 * width));
                    s20 = TLanes.MultiplyAdd(x0, y2, s20);
                    s21 = TLanes.MultiplyAdd(x1, y2, s21);
                    TLanes y3 = TLanes.Load(q + (3 * width));
                    s30 = TLanes.MultiplyAdd(x0, y3, s30);
                    s31 = TLanes.MultiplyAdd(x1, y3, s31);
                    q += 4 * width;
                    k0 += width;
                    k1 += width;
                }
                else
                {
                    // Both keys first: every query is loaded once and used twice at once, so that none waits in a register.
                    Channels.Widen((ushort*)k0, out TLanes x0, out TLanes z0);
                    Channels.Widen((ushort*)k1, out TLanes x1, out TLanes z1);
                    TLanes y0 = TLanes.Load(q);
                    s00 = TLanes.MultiplyAdd(x0, y0, s00);
                    s01 = TLanes.MultiplyAdd(x1, y0, s01);
                    TLanes y1 = TLanes.Load(q + width);
                    s10 = TLanes.MultiplyAdd(x0, y1, s10);
                    s11 = TLanes.MultiplyAdd(x1, y1, s11);
                    TLanes y2 = TLanes.Load(q + (2 * width));
                    s20 = TLanes.MultiplyAdd(x0, y2, s20);
                    s21 = TLanes.MultiplyAdd(x1, y2, s21);
                    TLanes y3 = TLanes.Load(q + (3 * width));
                    s30 = TLanes.MultiplyAdd(x0, y3, s30);
                    s31 = TLanes.MultiplyAdd(x1, y3, s31);
                    TLanes y4 = TLanes.Load(q + (4 * width));
                    s00 = TLanes.MultiplyAdd(z0, y4, s00);
                    s01 = TLanes.MultiplyAdd(z1, y4, s01);
                    TLanes y5 = TLanes.Load(q + (5 * width));
                    s10 = TLanes.MultiplyAdd(z0, y5, s10);
                    s11 = TLanes.MultiplyAdd(z1, y5, s11);
                    TLanes y6 = TLanes.Load(q + (6 * width));
                    s20 = TLanes.MultiplyAdd(z0, y6, s20);
                    s21 = TLanes.MultiplyAdd(z1, y6, s21);
                    TLanes y7 = TLanes.Load(q + (7 * width));
                    s30 = TLanes.MultiplyAdd(z0, y7, s30);
                    s31 = TLanes.MultiplyAdd(z1, y7, s31);
                    q += 8 * width;
                    k0 += 2 * width;
                    k1 += 2 * width;
                }
            }

            Vector256<float> sums = EightSums.Of(s00, s01, s10, s11, s20, s21, s30, s31);
            *(double*)target = sums.AsDouble().GetElement(0);
            *(double*)(target + call.ScoreRow) = sums.AsDouble().GetElement(1);
            *(double*)(target + (2 * call.ScoreRow)) = sums.AsDouble().GetElement(2);
            *(double*)(target + (3 * call.ScoreRow)) = sums.AsDouble().GetElement(3);
            ahead.Advance<TLanes>(next, 2);
        }
    }
}
