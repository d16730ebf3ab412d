using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttnDsl.Cpu;

/// <summary>Sums over one row, in an order that only its length decides.</summary>
internal static unsafe class RowSums
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Plain(float* x, int count)
    {
        Vector256<float> a = Vector256<float>.Zero;
        Vector256<float> b = a;
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            a += Vector256.Load(x + i);
            b += Vector256.Load(x + i + 8);
        }

        float sum = Vector256.Sum(a + b);
        for (; i < count; i++)
        {
            sum += x[i];
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Squares(float* x, int count)
    {
        Vector256<float> a = Vector256<float>.Zero;
        Vector256<float> b = a;
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            Vector256<float> u = Vector256.Load(x + i);
            Vector256<float> v = Vector256.Load(x + i + 8);
            a += u * u;
            b += v * v;
        }

        float sum = Vector256.Sum(a + b);
        for (; i < count; i++)
        {
            sum += x[i] * x[i];
        }

        return sum;
    }
}
