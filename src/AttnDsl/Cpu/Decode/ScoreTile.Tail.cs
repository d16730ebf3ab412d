using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttnDsl.Cpu;

/// <content>The channels that are left where the width is no multiple of a load.</content>
internal static unsafe partial class ScoreTile
{
    /// <summary>Adds the last load's part to one query's scores. By itself, so that it takes no registers from the loops that every width runs through.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddTail<TLanes, T>(in ScoreCall call, int rows, int row, T* keys, long stride, int count, float* scores)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where T : unmanaged
    {
        int vectors = typeof(T) == typeof(float) ? 1 : 2;
        float* query = call.Query + (((call.Full * vectors * rows) + row) * TLanes.Count);
        float* fresh = call.Fresh;
        int step = rows * TLanes.Count;
        int last = count - 1;
        keys += call.Tail;
        for (int key = 0; key < count; key += 8)
        {
            Vector256<float> sums = EightSums.Of(
                Tail<TLanes, T>(keys + (key * stride), query, step, fresh),
                Tail<TLanes, T>(keys + (Math.Min(key + 1, last) * stride), query, step, fresh),
                Tail<TLanes, T>(keys + (Math.Min(key + 2, last) * stride), query, step, fresh),
                Tail<TLanes, T>(keys + (Math.Min(key + 3, last) * stride), query, step, fresh),
                Tail<TLanes, T>(keys + (Math.Min(key + 4, last) * stride), query, step, fresh),
                Tail<TLanes, T>(keys + (Math.Min(key + 5, last) * stride), query, step, fresh),
                Tail<TLanes, T>(keys + (Math.Min(key + 6, last) * stride), query, step, fresh),
                Tail<TLanes, T>(keys + (Math.Min(key + 7, last) * stride), query, step, fresh));
            (sums + Vector256.Load(scores + key)).Store(scores + key);
        }
    }

    /// <summary>Products of the last load. What an earlier load had is cleared in the keys, not only 0 in the queries: 0 times an infinity is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Tail<TLanes, T>(T* key, float* query, int step, float* fresh)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            return TLanes.And(TLanes.Load((float*)key), TLanes.Load(fresh)) * TLanes.Load(query);
        }

        Channels.Widen((ushort*)key, out TLanes even, out TLanes odd);
        even = TLanes.And(even, TLanes.Load(fresh)) * TLanes.Load(query);
        return TLanes.MultiplyAdd(TLanes.And(odd, TLanes.Load(fresh + TLanes.Count)), TLanes.Load(query + step), even);
    }
}
