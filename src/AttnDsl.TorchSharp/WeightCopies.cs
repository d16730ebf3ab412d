using System;
using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch;

/// <summary>Numbers between tensors and arrays of any floating-point type.</summary>
internal static class WeightCopies
{
    public static bool SameShape(long[] shape, ImmutableArray<int> sizes)
    {
        bool same = shape.Length == sizes.Length;
        for (int i = 0; same && i < shape.Length; i++)
        {
            same = shape[i] == sizes[i];
        }

        return same;
    }

    /// <summary>A tensor on the CPU: floats as they are, everything else as doubles.</summary>
    public static Tensor ToTensor<T>(T[] values, long[] shape)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (values is float[] floats)
        {
            return tensor(floats, shape);
        }

        return tensor(values as double[] ?? Array.ConvertAll(values, double.CreateTruncating), shape);
    }

    public static void FromTensor<T>(Tensor source, T[] values)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        using var constants = no_grad();
        using DisposeScope scope = NewDisposeScope();
        if (values is float[] floats)
        {
            MemoryMarshal.Cast<byte, float>(source.detach().to(ScalarType.Float32).cpu().contiguous().bytes).CopyTo(floats);
            return;
        }

        Span<double> doubles = MemoryMarshal.Cast<byte, double>(source.detach().to(ScalarType.Float64).cpu().contiguous().bytes);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = T.CreateTruncating(doubles[i]);
        }
    }
}
