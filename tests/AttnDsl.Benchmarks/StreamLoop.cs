using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using AttnDsl.Cpu;

namespace AttnDsl.Benchmarks;

/// <summary>The read bandwidth of this machine: a sum over memory far larger than the caches, on all threads at once.</summary>
internal sealed class StreamLoop(float[] memory, int pieces) : TeamJob
{
    private readonly float[] _results = new float[pieces * 16];

    public double Bytes => (double)memory.Length * sizeof(float);

    public override void Execute(int index, Workspace workspace)
    {
        int length = memory.Length / pieces;
        _results[index * 16] = Sum(memory.AsSpan(index * length, length));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Sum(ReadOnlySpan<float> values)
    {
        ref float at = ref System.Runtime.InteropServices.MemoryMarshal.GetReference(values);
        Vector256<float> a = default;
        Vector256<float> b = default;
        Vector256<float> c = default;
        Vector256<float> d = default;
        for (nuint i = 0; i + 32 <= (nuint)values.Length; i += 32)
        {
            a += Vector256.LoadUnsafe(ref at, i);
            b += Vector256.LoadUnsafe(ref at, i + 8);
            c += Vector256.LoadUnsafe(ref at, i + 16);
            d += Vector256.LoadUnsafe(ref at, i + 24);
        }

        return Vector256.Sum(a + b + c + d);
    }
}
