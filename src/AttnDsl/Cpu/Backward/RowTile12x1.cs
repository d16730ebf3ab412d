using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>Register tile of 12 rows by 1 vector, the left operand read in rows. Every accumulator has a name: indexed ones would live in memory.</summary>
internal static unsafe class RowTile12x1
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
            TLanes c000 = TLanes.Load(at);
            at += call->CRow;
            TLanes c010 = TLanes.Load(at);
            at += call->CRow;
            TLanes c020 = TLanes.Load(at);
            at += call->CRow;
            TLanes c030 = TLanes.Load(at);
            at += call->CRow;
            TLanes c040 = TLanes.Load(at);
            at += call->CRow;
            TLanes c050 = TLanes.Load(at);
            at += call->CRow;
            TLanes c060 = TLanes.Load(at);
            at += call->CRow;
            TLanes c070 = TLanes.Load(at);
            at += call->CRow;
            TLanes c080 = TLanes.Load(at);
            at += call->CRow;
            TLanes c090 = TLanes.Load(at);
            at += call->CRow;
            TLanes c100 = TLanes.Load(at);
            at += call->CRow;
            TLanes c110 = TLanes.Load(at);

            float* x = a;
            float* b = call->B;
            float* end = x + depth;
            while (x != end)
            {
                TLanes b0 = TLanes.Load(b);
                TLanes f = TLanes.Broadcast(x[0]);
                c000 = TLanes.MultiplyAdd(f, b0, c000);
                f = TLanes.Broadcast(x[Stride]);
                c010 = TLanes.MultiplyAdd(f, b0, c010);
                f = TLanes.Broadcast(x[2 * Stride]);
                c020 = TLanes.MultiplyAdd(f, b0, c020);
                f = TLanes.Broadcast(x[3 * Stride]);
                c030 = TLanes.MultiplyAdd(f, b0, c030);
                f = TLanes.Broadcast(x[4 * Stride]);
                c040 = TLanes.MultiplyAdd(f, b0, c040);
                f = TLanes.Broadcast(x[5 * Stride]);
                c050 = TLanes.MultiplyAdd(f, b0, c050);
                f = TLanes.Broadcast(x[6 * Stride]);
                c060 = TLanes.MultiplyAdd(f, b0, c060);
                f = TLanes.Broadcast(x[7 * Stride]);
                c070 = TLanes.MultiplyAdd(f, b0, c070);
                f = TLanes.Broadcast(x[8 * Stride]);
                c080 = TLanes.MultiplyAdd(f, b0, c080);
                f = TLanes.Broadcast(x[9 * Stride]);
                c090 = TLanes.MultiplyAdd(f, b0, c090);
                f = TLanes.Broadcast(x[10 * Stride]);
                c100 = TLanes.MultiplyAdd(f, b0, c100);
                f = TLanes.Broadcast(x[11 * Stride]);
                c110 = TLanes.MultiplyAdd(f, b0, c110);
                x++;
                b += step;
            }

            at = c;
            TLanes.Store(at, c000);
            at += call->CRow;
            TLanes.Store(at, c010);
            at += call->CRow;
            TLanes.Store(at, c020);
            at += call->CRow;
            TLanes.Store(at, c030);
            at += call->CRow;
            TLanes.Store(at, c040);
            at += call->CRow;
            TLanes.Store(at, c050);
            at += call->CRow;
            TLanes.Store(at, c060);
            at += call->CRow;
            TLanes.Store(at, c070);
            at += call->CRow;
            TLanes.Store(at, c080);
            at += call->CRow;
            TLanes.Store(at, c090);
            at += call->CRow;
            TLanes.Store(at, c100);
            at += call->CRow;
            TLanes.Store(at, c110);

            a += 12 * Stride;
            c += 12 * call->CRow;
        }
    }
}
