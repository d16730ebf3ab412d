using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>tanh as an odd rational function of degree 13 over 6 on the range where it is not yet ±1 in float (a few units in the last place; no cancellation near 0).</summary>
internal static class LanesTanh
{
    private const float Bound = 7.90531110763549805f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T a)
        where T : unmanaged, IKernelLanes<T>
    {
        // The bound first: a NaN comes out of the native maximum only as its second operand.
        T x = T.MaxNative(T.Broadcast(-Bound), a);
        x = -T.MaxNative(T.Broadcast(-Bound), -x);
        T square = x * x;
        T p = T.MultiplyAdd(square, T.Broadcast(-2.76076847742355e-16f), T.Broadcast(2.00018790482477e-13f));
        p = T.MultiplyAdd(square, p, T.Broadcast(-8.60467152213735e-11f));
        p = T.MultiplyAdd(square, p, T.Broadcast(5.12229709037114e-08f));
        p = T.MultiplyAdd(square, p, T.Broadcast(1.48572235717979e-05f));
        p = T.MultiplyAdd(square, p, T.Broadcast(6.37261928875436e-04f));
        p = T.MultiplyAdd(square, p, T.Broadcast(4.89352455891786e-03f));
        T q = T.MultiplyAdd(square, T.Broadcast(1.19825839466702e-06f), T.Broadcast(1.18534705686654e-04f));
        q = T.MultiplyAdd(square, q, T.Broadcast(2.26843463243900e-03f));
        q = T.MultiplyAdd(square, q, T.Broadcast(4.89352518554385e-03f));
        return x * p / q;
    }
}
