using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>Register tile of 4 rows by 1 vector. Every accumulator has a name: indexed ones would live in memory.</summary>
internal static unsafe class Tile4x1
{
    /// <returns>Panels done: all, or in an exponential run those before the first whose sum is out of bounds.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static nint Run<TLanes, TMode>(TileCall* call)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where TMode : struct, ITileMode
    {
        float* a = call->A;
        float* init = call->Init;
        float* c = call->C;
        nint panels = call->Panels;
        for (nint panel = 0; panel < panels; panel++)
        {
            float* from = init;
            TLanes c00 = TMode.Start<TLanes>(from);
            from += call->InitRow;
            TLanes c10 = TMode.Start<TLanes>(from);
            from += call->InitRow;
            TLanes c20 = TMode.Start<TLanes>(from);
            from += call->InitRow;
            TLanes c30 = TMode.Start<TLanes>(from);

            float* x = a;
            float* b = call->B;
            nint row = call->BRow;
            float* end = x + (4 * call->Depth);
            while (x != end)
            {
                TLanes b0 = TLanes.Load(b);
                TLanes f = TLanes.Broadcast(x[0]);
                c00 = TLanes.MultiplyAdd(f, b0, c00);
                f = TLanes.Broadcast(x[1]);
                c10 = TLanes.MultiplyAdd(f, b0, c10);
                f = TLanes.Broadcast(x[2]);
                c20 = TLanes.MultiplyAdd(f, b0, c20);
                f = TLanes.Broadcast(x[3]);
                c30 = TLanes.MultiplyAdd(f, b0, c30);
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
                from += call->InitRow;
                to += call->CRow;
                c10 = TLanes.Exp2(c10 + TLanes.Load(from), constants);
                TLanes.Store(to, c10);
                s0 += c10;
                from += call->InitRow;
                to += call->CRow;
                c20 = TLanes.Exp2(c20 + TLanes.Load(from), constants);
                TLanes.Store(to, c20);
                s0 += c20;
                from += call->InitRow;
                to += call->CRow;
                c30 = TLanes.Exp2(c30 + TLanes.Load(from), constants);
                TLanes.Store(to, c30);
                s0 += c30;
                TLanes limit = TLanes.Broadcast(Exponential.SumLimit);
                if (TLanes.AnyGreater(s0, limit))
                {
                    return panel;
                }

                float* sums = call->Sums;
                TLanes.Store(sums, TLanes.Load(sums) + s0);
            }
            else
            {
                TLanes.Store(to, c00);
                to += call->CRow;
                TLanes.Store(to, c10);
                to += call->CRow;
                TLanes.Store(to, c20);
                to += call->CRow;
                TLanes.Store(to, c30);
            }

            a += call->AStep;
            init += call->InitStep;
            c += call->CStep;
        }

        return panels;
    }
}
