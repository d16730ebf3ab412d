using System;
using System.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Cli.Layers;

/// <summary>Arrays as tensors and back, float or double.</summary>
internal static class TorchTensors
{
    /// <summary>The type of tensors of <typeparamref name="T"/>.</summary>
    public static ScalarType TypeOf<T>() => typeof(T) == typeof(float) ? ScalarType.Float32 : ScalarType.Float64;

    /// <summary>A copy of the numbers in that shape.</summary>
    public static Tensor Of<T>(T[] values, long[] shape)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        values is float[] floats ? tensor(floats, shape) : tensor((double[])(object)values, shape);

    /// <summary>A copy of a tensor's numbers, row-major.</summary>
    public static T[] Numbers<T>(Tensor tensor)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => tensor.detach().contiguous().data<T>().ToArray();

    /// <summary>The gradient of a leaf; zeros where none reached it.</summary>
    public static T[] Gradient<T>(Tensor leaf)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => leaf.grad is { } gradient ? Numbers<T>(gradient) : new T[leaf.numel()];
}
