using System;
using System.Globalization;
using System.Linq;
using static TorchSharp.torch;

namespace AttnDsl.Torch;

/// <summary>Tensors in messages: <c>Float32 [2, 16, 48] on cpu</c>.</summary>
internal static class TensorText
{
    public static string Of(Tensor tensor) => Of(tensor.shape, tensor.dtype, tensor.device);

    public static string Of(ReadOnlySpan<long> shape, ScalarType dtype, Device device) => $"{dtype} {Shape(shape)} on {device}";

    public static string Shape(ReadOnlySpan<long> shape) => "[" + string.Join(", ", shape.ToArray().Select(size => size.ToString(CultureInfo.InvariantCulture))) + "]";
}
