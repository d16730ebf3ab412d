using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>Register tile of 6 rows by 1 vector, the left operand read in rows. Every accumulator has a name: indexed ones would live in memory.</summary>
internal static unsafe class RowTile6x1
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TLanes>(RowTileCall* call)
        where TLanes : unmanaged, IKernelLanes<TLanes>
    {
        const int Stride = Strip.Lanes;
        int step = RowTile.Vectors * TLanes.Count;
        float* a = call->A;
        float* c = call->C;
        nint depth = call->Depth;
        for (nint block = call->Blocks; block > 0; block--)
        {
            float* at = c;
            TLanes c00 = TLanes.Load(at);
            at += call->CRow;
            TLanes c10 = TLanes.Load(at);
            at += call->CRow;
            TLanes c20 = TLanes.Load(at);
            at += call->CRow;
            TLanes c30 = TLanes.Load(at);
            at += call->CRow;
            TLanes c40 = TLanes.Load(at);
            at += call->CRow;
            TLanes c50 = TLanes.Load(at);

            float* x = a;
            float* b = call->B;
            float* end = x + depth;
            while (x != end)
            {
                TLanes b0 = TLanes.Load(b);
                TLanes f = TLanes.Broadcast(x[0]);
                c00 = TLanes.MultiplyAdd(f, b0, c00);
                f = TLanes.Broadcast(x[Stride]);
                c10 = TLanes.MultiplyAdd(f, b0, c10);
                f = TLanes.Broadcast(x[2 * Stride]);
                c20 = TLanes.MultiplyAdd(f, b0, c20);
                f = TLanes.Broadcast(x[3 * Stride]);
                c30 = TLanes.MultiplyAdd(f, b0, c30);
                f = TLanes.Broadcast(x[4 * Stride]);
                c40 = TLanes.MultiplyAdd(f, b0, c40);
                f = TLanes.Broadcast(x[5 * Stride]);
                c50 = TLanes.MultiplyAdd(f, b0, c50);
                x++;
                b += step;
            }

            at = c;
            TLanes.Store(at, c00);
            at += call->CRow;
            TLanes.Store(at, c10);
            at += call->CRow;
            TLanes.Store(at, c20);
            at += call->CRow;
            TLanes.Store(at, c30);
            at += call->CRow;
            TLanes.Store(at, c40);
            at += call->CRow;
            TLanes.Store(at, c50);

            a += 6 * Stride;
            c += 6 * call->CRow;
        }
    }
}
