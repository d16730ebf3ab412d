using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace AttnDsl.Cpu;

/// <summary>Rows and columns of a block of 4 x 4 floats exchanged.</summary>
internal static class Transpose4
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(ref Vector128<float> a, ref Vector128<float> b, ref Vector128<float> c, ref Vector128<float> d)
    {
        if (Sse.IsSupported)
        {
            Vector128<float> low = Sse.UnpackLow(a, b);
            Vector128<float> lower = Sse.UnpackLow(c, d);
            Vector128<float> high = Sse.UnpackHigh(a, b);
            Vector128<float> higher = Sse.UnpackHigh(c, d);
            a = Sse.MoveLowToHigh(low, lower);
            b = Sse.MoveHighToLow(lower, low);
            c = Sse.MoveLowToHigh(high, higher);
            d = Sse.MoveHighToLow(higher, high);
        }
        else if (AdvSimd.Arm64.IsSupported)
        {
            Vector128<float> even = AdvSimd.Arm64.ZipLow(a, c);
            Vector128<float> odd = AdvSimd.Arm64.ZipLow(b, d);
            Vector128<float> evenHigh = AdvSimd.Arm64.ZipHigh(a, c);
            Vector128<float> oddHigh = AdvSimd.Arm64.ZipHigh(b, d);
            a = AdvSimd.Arm64.ZipLow(even, odd);
            b = AdvSimd.Arm64.ZipHigh(even, odd);
            c = AdvSimd.Arm64.ZipLow(evenHigh, oddHigh);
            d = AdvSimd.Arm64.ZipHigh(evenHigh, oddHigh);
        }
        else
        {
            Vector128<float> first = Vector128.Create(a[0], b[0], c[0], d[0]);
            Vector128<float> second = Vector128.Create(a[1], b[1], c[1], d[1]);
            Vector128<float> third = Vector128.Create(a[2], b[2], c[2], d[2]);
            d = Vector128.Create(a[3], b[3], c[3], d[3]);
            a = first;
            b = second;
            c = third;
        }
    }
}
