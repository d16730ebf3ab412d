using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>Register tile of 12 rows by 2 vectors, the left operand read in rows. Every accumulator has a name: indexed ones would live in memory.</summary>
internal static unsafe class RowTile12x2
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
            TLanes c000 = TLanes.Load(at);
            TLanes c001 = TLanes.Load(at + w);
            at += call->CRow;
            TLanes c010 = TLanes.Load(at);
            TLanes c011 = TLanes.Load(at + w);
            at += call->CRow;
            TLanes c020 = TLanes.Load(at);
            TLanes c021 = TLanes.Load(at + w);
            at += call->CRow;
            TLanes c030 = TLanes.Load(at);
            TLanes c031 = TLanes.Load(at + w);
            at += call->CRow;
            TLanes c040 = TLanes.Load(at);
            TLanes c041 = TLanes.Load(at + w);
            at += call->CRow;
            TLanes c050 = TLanes.Load(at);
            TLanes c051 = TLanes.Load(at + w);
            at += call->CRow;
            TLanes c060 = TLanes.Load(at);
            TLanes c061 = TLanes.Load(at + w);
            at += call->CRow;
            TLanes c070 = TLanes.Load(at);
            TLanes c071 = TLanes.Load(at + w);
            at += call->CRow;
            TLanes c080 = TLanes.Load(at);
            TLanes c081 = TLanes.Load(at + w);
            at += call->CRow;
            TLanes c090 = TLanes.Load(at);
            TLanes c091 = TLanes.Load(at + w);
            at += call->CRow;
            TLanes c100 = TLanes.Load(at);
            TLanes c101 = TLanes.Load(at + w);
            at += call->CRow;
            TLanes c110 = TLanes.Load(at);
            TLanes c111 = TLanes.Load(at + w);

            float* x = a;
            float* b = call->B;
            float* end = x + depth;
            while (x != end)
            {
                TLanes b0 = TLanes.Load(b);
                TLanes b1 = TLanes.Load(b + w);
                TLanes f = TLanes.Broadcast(x[0]);
                c000 = TLanes.MultiplyAdd(f, b0, c000);
                c001 = TLanes.MultiplyAdd(f, b1, c001);
                f = TLanes.Broadcast(x[Stride]);
                c010 = TLanes.MultiplyAdd(f, b0, c010);
                c011 = TLanes.MultiplyAdd(f, b1, c011);
                f = TLanes.Broadcast(x[2 * Stride]);
                c020 = TLanes.MultiplyAdd(f, b0, c020);
                c021 = TLanes.MultiplyAdd(f, b1, c021);
                f = TLanes.Broadcast(x[3 * Stride]);
                c030 = TLanes.MultiplyAdd(f, b0, c030);
                c031 = TLanes.MultiplyAdd(f, b1, c031);
                f = TLanes.Broadcast(x[4 * Stride]);
                c040 = TLanes.MultiplyAdd(f, b0, c040);
                c041 = TLanes.MultiplyAdd(f, b1, c041);
                f = TLanes.Broadcast(x[5 * Stride]);
                c050 = TLanes.MultiplyAdd(f, b0, c050);
                c051 = TLanes.MultiplyAdd(f, b1, c051);
                f = TLanes.Broadcast(x[6 * Stride]);
                c060 = TLanes.MultiplyAdd(f, b0, c060);
                c061 = TLanes.MultiplyAdd(f, b1, c061);
                f = TLanes.Broadcast(x[7 * Stride]);
                c070 = TLanes.MultiplyAdd(f, b0, c070);
                c071 = TLanes.MultiplyAdd(f, b1, c071);
                f = TLanes.Broadcast(x[8 * Stride]);
                c080 = TLanes.MultiplyAdd(f, b0, c080);
                c081 = TLanes.MultiplyAdd(f, b1, c081);
                f = TLanes.Broadcast(x[9 * Stride]);
                c090 = TLanes.MultiplyAdd(f, b0, c090);
                c091 = TLanes.MultiplyAdd(f, b1, c091);
                f = TLanes.Broadcast(x[10 * Stride]);
                c100 = TLanes.MultiplyAdd(f, b0, c100);
                c101 = TLanes.MultiplyAdd(f, b1, c101);
                f = TLanes.Broadcast(x[11 * Stride]);
                c110 = TLanes.MultiplyAdd(f, b0, c110);
                c111 = TLanes.MultiplyAdd(f, b1, c111);
                x++;
                b += step;
            }

            at = c;
            TLanes.Store(at, c000);
            TLanes.Store(at + w, c001);
            at += call->CRow;
            TLanes.Store(at, c010);
            TLanes.Store(at + w, c011);
            at += call->CRow;
            TLanes.Store(at, c020);
            TLanes.Store(at + w, c021);
            at += call->CRow;
            TLanes.Store(at, c030);
            TLanes.Store(at + w, c031);
            at += call->CRow;
            TLanes.Store(at, c040);
            TLanes.Store(at + w, c041);
            at += call->CRow;
            TLanes.Store(at, c050);
            TLanes.Store(at + w, c051);
            at += call->CRow;
            TLanes.Store(at, c060);
            TLanes.Store(at + w, c061);
            at += call->CRow;
            TLanes.Store(at, c070);
            TLanes.Store(at + w, c071);
            at += call->CRow;
            TLanes.Store(at, c080);
            TLanes.Store(at + w, c081);
            at += call->CRow;
            TLanes.Store(at, c090);
            TLanes.Store(at + w, c091);
            at += call->CRow;
            TLanes.Store(at, c100);
            TLanes.Store(at + w, c101);
            at += call->CRow;
            TLanes.Store(at, c110);
            TLanes.Store(at + w, c111);

            a += 12 * Stride;
            c += 12 * call->CRow;
        }
    }
}
