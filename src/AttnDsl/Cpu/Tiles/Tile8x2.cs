using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>Register tile of 8 rows by 2 vectors. Every accumulator has a name: indexed ones would live in memory.</summary>
internal static unsafe class Tile8x2
{
    /// <returns>Panels done: all, or in an exponential run those before the first whose sum is out of bounds.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static nint Run<TLanes, TMode>(TileCall* call)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where TMode : struct, ITileMode
    {
        int w = TLanes.Count;
        float* a = call->A;
        float* init = call->Init;
        float* c = call->C;
        nint panels = call->Panels;
        for (nint panel = 0; panel < panels; panel++)
        {
            float* from = init;
            TLanes c00 = TMode.Start<TLanes>(from);
            TLanes c01 = TMode.Start<TLanes>(from + w);
            from += call->InitRow;
            TLanes c10 = TMode.Start<TLanes>(from);
            TLanes c11 = TMode.Start<TLanes>(from + w);
            from += call->InitRow;
            TLanes c20 = TMode.Start<TLanes>(from);
            TLanes c21 = TMode.Start<TLanes>(from + w);
            from += call->InitRow;
            TLanes c30 = TMode.Start<TLanes>(from);
            TLanes c31 = TMode.Start<TLanes>(from + w);
            from += call->InitRow;
            TLanes c40 = TMode.Start<TLanes>(from);
            TLanes c41 = TMode.Start<TLanes>(from + w);
            from += call->InitRow;
            TLanes c50 = TMode.Start<TLanes>(from);
            TLanes c51 = TMode.Start<TLanes>(from + w);
            from += call->InitRow;
            TLanes c60 = TMode.Start<TLanes>(from);
            TLanes c61 = TMode.Start<TLanes>(from + w);
            from += call->InitRow;
            TLanes c70 = TMode.Start<TLanes>(from);
            TLanes c71 = TMode.Start<TLanes>(from + w);

            float* x = a;
            float* b = call->B;
            nint row = call->BRow;
            float* end = x + (8 * call->Depth);
            while (x != end)
            {
                TLanes b0 = TLanes.Load(b);
                TLanes b1 = TLanes.Load(b + w);
                TLanes f = TLanes.Broadcast(x[0]);
                c00 = TLanes.MultiplyAdd(f, b0, c00);
                c01 = TLanes.MultiplyAdd(f, b1, c01);
                f = TLanes.Broadcast(x[1]);
                c10 = TLanes.MultiplyAdd(f, b0, c10);
                c11 = TLanes.MultiplyAdd(f, b1, c11);
                f = TLanes.Broadcast(x[2]);
                c20 = TLanes.MultiplyAdd(f, b0, c20);
                c21 = TLanes.MultiplyAdd(f, b1, c21);
                f = TLanes.Broadcast(x[3]);
                c30 = TLanes.MultiplyAdd(f, b0, c30);
                c31 = TLanes.MultiplyAdd(f, b1, c31);
                f = TLanes.Broadcast(x[4]);
                c40 = TLanes.MultiplyAdd(f, b0, c40);
                c41 = TLanes.MultiplyAdd(f, b1, c41);
                f = TLanes.Broadcast(x[5]);
                c50 = TLanes.MultiplyAdd(f, b0, c50);
                c51 = TLanes.MultiplyAdd(f, b1, c51);
                f = TLanes.Broadcast(x[6]);
                c60 = TLanes.MultiplyAdd(f, b0, c60);
                c61 = TLanes.MultiplyAdd(f, b1, c61);
                f = TLanes.Broadcast(x[7]);
                c70 = TLanes.MultiplyAdd(f, b0, c70);
                c71 = TLanes.MultiplyAdd(f, b1, c71);
                x += 8;
                b += row;
            }

            float* to = c;
            if (TMode.Exponential)
            {
                float* constants = call->Constants;
                from = init;
                c00 = TLanes.Exp2(c00 + TLanes.Load(from), constants);
                TLanes.Store(to, c00);
                TLanes s0 = c00;
                c01 = TLanes.Exp2(c01 + TLanes.Load(from + w), constants);
                TLanes.Store(to + w, c01);
                TLanes s1 = c01;
                from += call->InitRow;
                to += call->CRow;
                c10 = TLanes.Exp2(c10 + TLanes.Load(from), constants);
                TLanes.Store(to, c10);
                s0 += c10;
                c11 = TLanes.Exp2(c11 + TLanes.Load(from + w), constants);
                TLanes.Store(to + w, c11);
                s1 += c11;
                from += call->InitRow;
                to += call->CRow;
                c20 = TLanes.Exp2(c20 + TLanes.Load(from), constants);
                TLanes.Store(to, c20);
                s0 += c20;
                c21 = TLanes.Exp2(c21 + TLanes.Load(from + w), constants);
                TLanes.Store(to + w, c21);
                s1 += c21;
                from += call->InitRow;
                to += call->CRow;
                c30 = TLanes.Exp2(c30 + TLanes.Load(from), constants);
                TLanes.Store(to, c30);
                s0 += c30;
                c31 = TLanes.Exp2(c31 + TLanes.Load(from + w), constants);
                TLanes.Store(to + w, c31);
                s1 += c31;
                from += call->InitRow;
                to += call->CRow;
                c40 = TLanes.Exp2(c40 + TLanes.Load(from), constants);
                TLanes.Store(to, c40);
                s0 += c40;
                c41 = TLanes.Exp2(c41 + TLanes.Load(from + w), constants);
                TLanes.Store(to + w, c41);
                s1 += c41;
                from += call->InitRow;
                to += call->CRow;
                c50 = TLanes.Exp2(c50 + TLanes.Load(from), constants);
                TLanes.Store(to, c50);
                s0 += c50;
                c51 = TLanes.Exp2(c51 + TLanes.Load(from + w), constants);
                TLanes.Store(to + w, c51);
                s1 += c51;
                from += call->InitRow;
                to += call->CRow;
                c60 = TLanes.Exp2(c60 + TLanes.Load(from), constants);
                TLanes.Store(to, c60);
                s0 += c60;
                c61 = TLanes.Exp2(c61 + TLanes.Load(from + w), constants);
                TLanes.Store(to + w, c61);
                s1 += c61;
                from += call->InitRow;
                to += call->CRow;
                c70 = TLanes.Exp2(c70 + TLanes.Load(from), constants);
                TLanes.Store(to, c70);
                s0 += c70;
                c71 = TLanes.Exp2(c71 + TLanes.Load(from + w), constants);
                TLanes.Store(to + w, c71);
                s1 += c71;
                TLanes limit = TLanes.Broadcast(Exponential.SumLimit);
                if (TLanes.AnyGreater(TLanes.MaxNative(s0, s1), limit))
                {
                    return panel;
                }

                float* sums = call->Sums;
                TLanes.Store(sums, TLanes.Load(sums) + s0);
                TLanes.Store(sums + w, TLanes.Load(sums + w) + s1);
            }
            else
            {
                TLanes.Store(to, c00);
                TLanes.Store(to + w, c01);
                to += call->CRow;
                TLanes.Store(to, c10);
                TLanes.Store(to + w, c11);
                to += call->CRow;
                TLanes.Store(to, c20);
                TLanes.Store(to + w, c21);
                to += call->CRow;
                TLanes.Store(to, c30);
                TLanes.Store(to + w, c31);
                to += call->CRow;
                TLanes.Store(to, c40);
                TLanes.Store(to + w, c41);
                to += call->CRow;
                TLanes.Store(to, c50);
                TLanes.Store(to + w, c51);
                to += call->CRow;
                TLanes.Store(to, c60);
                TLanes.Store(to + w, c61);
                to += call->CRow;
                TLanes.Store(to, c70);
                TLanes.Store(to + w, c71);
            }

            a += call->AStep;
            init += call->InitStep;
            c += call->CStep;
        }

        return panels;
    }
}
