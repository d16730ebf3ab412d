using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>Register tile of 6 rows by 2 vectors, the left operand read in rows. Every accumulator has a name: indexed ones would live in memory.</summary>
internal static unsafe class RowTile6x2
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TLanes>(RowTileCall* call)
        where TLanes : unmanaged, IKernelLanes<TLanes>
    {
        int w = TLanes.Count;
        const int Stride = Strip.Lanes;
        int step = RowTile.Vectors * TLanes.Count;
        float* a = call->A;
        float* c = call->C;
        nint depth = call->Depth;
        for (nint block = call->Blocks; block > 0; block--)
        {
            float* at = c;
            TLanes c00 = TLanes.Load(at);
            TLanes c01 = TLanes.Load(at + w);
            at += call->CRow;
            TLanes c10 = TLanes.Load(at);
            TLanes c11 = TLanes.Load(at + w);
            at += call->CRow;
            TLanes c20 = TLanes.Load(at);
            TLanes c21 = TLanes.Load(at + w);
            at += call->CRow;
            TLanes c30 = TLanes.Load(at);
            TLanes c31 = TLanes.Load(at + w);
            at += call->CRow;
            TLanes c40 = TLanes.Load(at);
            TLanes c41 = TLanes.Load(at + w);
            at += call->CRow;
            TLanes c50 = TLanes.Load(at);
            TLanes c51 = TLanes.Load(at + w);

            float* x = a;
            float* b = call->B;
            float* end = x + depth;
            while (x != end)
            {
                TLanes b0 = TLanes.Load(b);
                TLanes b1 = TLanes.Load(b + w);
                TLanes f = TLanes.Broadcast(x[0]);
                c00 = TLanes.MultiplyAdd(f, b0, c00);
                c01 = TLanes.MultiplyAdd(f, b1, c01);
                f = TLanes.Broadcast(x[Stride]);
                c10 = TLanes.MultiplyAdd(f, b0, c10);
                c11 = TLanes.MultiplyAdd(f, b1, c11);
                f = TLanes.Broadcast(x[2 * Stride]);
                c20 = TLanes.MultiplyAdd(f, b0, c20);
                c21 = TLanes.MultiplyAdd(f, b1, c21);
                f = TLanes.Broadcast(x[3 * Stride]);
                c30 = TLanes.MultiplyAdd(f, b0, c30);
                c31 = TLanes.MultiplyAdd(f, b1, c31);
                f = TLanes.Broadcast(x[4 * Stride]);
                c40 = TLanes.MultiplyAdd(f, b0, c40);
                c41 = TLanes.MultiplyAdd(f, b1, c41);
                f = TLanes.Broadcast(x[5 * Stride]);
                c50 = TLanes.MultiplyAdd(f, b0, c50);
                c51 = TLanes.MultiplyAdd(f, b1, c51);
                x++;
                b += step;
            }

            at = c;
            TLanes.Store(at, c00);
            TLanes.Store(at + w, c01);
            at += call->CRow;
            TLanes.Store(at, c10);
            TLanes.Store(at + w, c11);
            at += call->CRow;
            TLanes.Store(at, c20);
            TLanes.Store(at + w, c21);
            at += call->CRow;
            TLanes.Store(at, c30);
            TLanes.Store(at + w, c31);
            at += call->CRow;
            TLanes.Store(at, c40);
            TLanes.Store(at + w, c41);
            at += call->CRow;
            TLanes.Store(at, c50);
            TLanes.Store(at + w, c51);

            a += 6 * Stride;
            c += 6 * call->CRow;
        }
    }
}
