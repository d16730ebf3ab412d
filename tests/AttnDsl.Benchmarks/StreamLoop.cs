using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using AttnDsl.Cpu;

namespace AttnDsl.Benchmarks;

/// <summary>The read bandwidth of this machine: a sum over memory far larger than the caches, on all threads at once.</summary>
internal sealed class StreamLoop(int pieces, params StreamLoop.Block[] blocks) : TeamJob
{
    private readonly float[] _results = new float[pieces * 16];

    public StreamLoop(float[] memory, int pieces)
        : this(pieces, () => memory)
    {
    }

    /// <summary>Memory to read: for a kernel's limit the very memory that the kernel reads, whose pages decide as much as the chips do.</summary>
    public delegate ReadOnlySpan<float> Block();

    public double Bytes
    {
        get
        {
            long floats = 0;
            foreach (Block block in blocks)
            {
                floats += block().Length;
            }

            return (double)floats * sizeof(float);
        }
    }

    public override void Execute(int index, Workspace workspace)
    {
        foreach (Block block in blocks)
        {
            int length = block().Length / pieces;
            _results[index * 16] += Sum(block().Slice(index * length, length));
        }
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
