using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>Register tile of 4 rows by 2 vectors. Every accumulator has a name: indexed ones would live in memory.</summary>
internal static unsafe class Tile4x2
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

            float* x = a;
            float* b = call->B;
            nint row = call->BRow;
            float* end = x + (4 * call->Depth);
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
                x += 4;
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
            }

            a += call->AStep;
            init += call->InitStep;
            c += call->CStep;
        }

        return panels;
    }
}
