using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>O += P V for a group of rows of weights: two vectors of channels over all keys of a block, so that a value is read once per group.</summary>
internal static unsafe class ValueTile
{
    /// <summary>Floats from one row of weights to the next: a constant, so that it costs no registers.</summary>
    public const int WeightRow = 64;

    /// <summary>Adds a block of values to a group of outputs.</summary>
    /// <param name="channels">Cut of the values and outputs.</param>
    /// <param name="rows">Rows of the group: 4, 2 or 1.</param>
    /// <param name="values">First value.</param>
    /// <param name="stride">Elements from value to value.</param>
    /// <param name="count">Values.</param>
    /// <param name="weights">[rows, <see cref="WeightRow"/>].</param>
    /// <param name="output">[rows, <see cref="Channels.Floats"/>].</param>
    /// <param name="ahead">Memory that will be needed next, asked for at the pace at which the values are read.</param>
    public static void Run<TLanes, T>(in Channels channels, int rows, T* values, long stride, int count, float* weights, float* output, Lookahead ahead)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where T : unmanaged
    {
        int lanes = TLanes.Count;
        int vectors = channels.Loads * channels.Vectors;
        for (int vector = 0; vector < vectors; vector += 2)
        {
            // An odd last vector goes with itself: both halves of the tile then compute and store the same.
            int other = typeof(T) == typeof(float) && vector + 1 == vectors ? vector : vector + 1;
            T* first = values + channels.Start(vector / channels.Vectors);
            T* second = values + channels.Start(other / channels.Vectors);
            float* output0 = output + (vector * lanes);
            float* output1 = output + (other * lanes);
            int pace = ahead.Pace((typeof(T) == typeof(float) ? 2 : 1) * sizeof(float) * lanes);
            switch (rows)
            {
                case 4:
                    Run4<TLanes, T>(first, second, stride, count, weights, output0, output1, channels.Floats, ahead.At, pace);
                    break;
                case 2:
                    Run2<TLanes, T>(first, second, stride, count, weights, output0, output1, channels.Floats, ahead.At, pace);
                    break;
                default:
                    Run1<TLanes, T>(first, second, stride, count, weights, output0, output1, channels.Floats, ahead.At, pace);
                    break;
            }

            ahead.Advance<TLanes>(ahead.At + ((long)pace * count), 2);
        }
    }

    /// <summary>Four rows of weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run4<TLanes, T>(T* first, T* second, long stride, int count, float* weights, float* output0, float* output1, int outputRow, byte* ahead, int aheadStep)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where T : unmanaged
    {
        TLanes a0 = TLanes.Load(output0);
        TLanes b0 = TLanes.Load(output1);
        TLanes a1 = TLanes.Load(output0 + outputRow);
        TLanes b1 = TLanes.Load(output1 + outputRow);
        TLanes a2 = TLanes.Load(output0 + (2 * outputRow));
        TLanes b2 = TLanes.Load(output1 + (2 * outputRow));
        TLanes a3 = TLanes.Load(output0 + (3 * outputRow));
        TLanes b3 = TLanes.Load(output1 + (3 * outputRow));
        float* end = weights + count;
        while (weights != end)
        {
            Prefetching.Ahead<TLanes>(ahead, (typeof(T) == typeof(float) ? 2 : 1) * sizeof(float) * TLanes.Count);
            ahead += aheadStep;
            TLanes x;
            TLanes y;
            if (typeof(T) == typeof(float))
            {
                x = TLanes.Load((float*)first);
                y = TLanes.Load((float*)second);
            }
            else
            {
                Channels.Widen((ushort*)first, out x, out y);
            }

            TLanes w0 = TLanes.Broadcast(*weights);
            a0 = TLanes.MultiplyAdd(x, w0, a0);
            b0 = TLanes.MultiplyAdd(y, w0, b0);
            TLanes w1 = TLanes.Broadcast(weights[WeightRow]);
            a1 = TLanes.MultiplyAdd(x, w1, a1);
            b1 = TLanes.MultiplyAdd(y, w1, b1);
            TLanes w2 = TLanes.Broadcast(weights[2 * WeightRow]);
            a2 = TLanes.MultiplyAdd(x, w2, a2);
            b2 = TLanes.MultiplyAdd(y, w2, b2);
            TLanes w3 = TLanes.Broadcast(weights[3 * WeightRow]);
            a3 = TLanes.MultiplyAdd(x, w3, a3);
            b3 = TLanes.MultiplyAdd(y, w3, b3);
            weights++;
            first += stride;
            second += stride;
        }

        TLanes.Store(output0, a0);
        TLanes.Store(output1, b0);
        TLanes.Store(output0 + outputRow, a1);
        TLanes.Store(output1 + outputRow, b1);
        TLanes.Store(output0 + (2 * outputRow), a2);
        TLanes.Store(output1 + (2 * outputRow), b2);
        TLanes.Store(output0 + (3 * outputRow), a3);
        TLanes.Store(output1 + (3 * outputRow), b3);
    }

    /// <summary>Two rows of weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run2<TLanes, T>(T* first, T* second, long stride, int count, float* weights, float* output0, float* output1, int outputRow, byte* ahead, int aheadStep)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where T : unmanaged
    {
        TLanes a0 = TLanes.Load(output0);
        TLanes b0 = TLanes.Load(output1);
        TLanes a1 = TLanes.Load(output0 + outputRow);
        TLanes b1 = TLanes.Load(output1 + outputRow);
        float* end = weights + count;
        while (weights != end)
        {
            Prefetching.Ahead<TLanes>(ahead, (typeof(T) == typeof(float) ? 2 : 1) * sizeof(float) * TLanes.Count);
            ahead += aheadStep;
            TLanes x;
            TLanes y;
            if (typeof(T) == typeof(float))
            {
                x = TLanes.Load((float*)first);
                y = TLanes.Load((float*)second);
            }
            else
            {
                Channels.Widen((ushort*)first, out x, out y);
            }

            TLanes w0 = TLanes.Broadcast(*weights);
            a0 = TLanes.MultiplyAdd(x, w0, a0);
            b0 = TLanes.MultiplyAdd(y, w0, b0);
            TLanes w1 = TLanes.Broadcast(weights[WeightRow]);
            a1 = TLanes.MultiplyAdd(x, w1, a1);
            b1 = TLanes.MultiplyAdd(y, w1, b1);
            weights++;
            first += stride;
            second += stride;
        }

        TLanes.Store(output0, a0);
        TLanes.Store(output1, b0);
        TLanes.Store(output0 + outputRow, a1);
        TLanes.Store(output1 + outputRow, b1);
    }

    /// <summary>One row of weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run1<TLanes, T>(T* first, T* second, long stride, int count, float* weights, float* output0, float* output1, int outputRow, byte* ahead, int aheadStep)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where T : unmanaged
    {
        TLanes a0 = TLanes.Load(output0);
        TLanes b0 = TLanes.Load(output1);
        float* end = weights + count;
        while (weights != end)
        {
            Prefetching.Ahead<TLanes>(ahead, (typeof(T) == typeof(float) ? 2 : 1) * sizeof(float) * TLanes.Count);
            ahead += aheadStep;
            TLanes x;
            TLanes y;
            if (typeof(T) == typeof(float))
            {
                x = TLanes.Load((float*)first);
                y = TLanes.Load((float*)second);
            }
            else
            {
                Channels.Widen((ushort*)first, out x, out y);
            }

            TLanes w0 = TLanes.Broadcast(*weights);
            a0 = TLanes.MultiplyAdd(x, w0, a0);
            b0 = TLanes.MultiplyAdd(y, w0, b0);
            weights++;
            first += stride;
            second += stride;
        }

        TLanes.Store(output0, a0);
        TLanes.Store(output1, b0);
    }
}
