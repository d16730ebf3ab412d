using System;
using System.Globalization;
using System.Runtime.InteropServices;
using AttnDsl.Cpu;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Cores;

/// <summary>Runs a layer's kernels on the memory of tensors, without a copy.</summary>
internal static class FusedCore
{
    /// <summary>Why kernels cannot work on such a tensor, or null.</summary>
    public static string? Problem(Tensor x) =>
        x.dtype != ScalarType.Float32 ? $"the kernels compute in Float32, the tensors are {x.dtype}"
        : x.device_type != DeviceType.CPU ? $"the kernels run on the CPU, the tensors are on {x.device}"
        : null;

    /// <summary>Why kernels cannot work on these operands as they lie in memory, or null.</summary>
    public static string? Problem(Tensor query, Tensor key, Tensor value, Tensor? logits)
    {
        bool differentiated = IsDifferentiated(query, key, value, logits);
        return Problem(query, logits)
            ?? (!Readable(key, differentiated) ? "the keys are not contiguous"
            : !Readable(value, differentiated) ? "the values are not contiguous"
            : TooLarge(key) ?? TooLarge(value));
    }

    /// <summary>Why kernels cannot work on these queries as they lie in memory, or null.</summary>
    public static string? Problem(Tensor query, Tensor? logits) =>
        !query.is_contiguous() ? "the queries are not contiguous"
        : logits is not null && (!logits.is_contiguous() || logits.dtype != ScalarType.Float32) ? "the learned logits are not contiguous Float32"
        : TooLarge(query);

    /// <summary>The core, as one node of the graph where gradients are wanted.</summary>
    public static Tensor Attend(AttentionModule module, FusedKernels kernels, Tensor query, Tensor key, Tensor value, Tensor? logits, TokenRows rows)
    {
        HandedOver.Release();
        if (IsDifferentiated(query, key, value, logits))
        {
            return FusedFunction.apply(query, key, value, logits!, kernels, rows, module);
        }

        using var constants = no_grad();
        Tensor o = Output(query, value, module.Shape);
        Forward(kernels, query, key, value, logits, o, null, rows);
        return o;
    }

    /// <summary>The core over a cache that the kernels read in place. A constant: nothing can be differentiated through a cache.</summary>
    public static Tensor Attend(AttentionModule module, FusedKernels kernels, Tensor query, KvCache cache, Tensor? logits, TokenRows rows)
    {
        HandedOver.Release();
        using var constants = no_grad();
        Tensor o = empty([query.shape[0], query.shape[1], module.Shape.ScoreHeads, module.Shape.ValueWidth], ScalarType.Float32, query.device);
        kernels.Forward(Floats(logits), Floats(query), cache, Floats(o), rows);
        GC.KeepAlive(query);
        GC.KeepAlive(logits);
        GC.KeepAlive(o);
        return o;
    }

    public static Tensor Output(Tensor query, Tensor value, LayerShape shape) =>
        empty([query.shape[0], query.shape[1], shape.ScoreHeads, value.shape[3]], ScalarType.Float32, query.device);

    public static void Forward(FusedKernels kernels, Tensor query, Tensor key, Tensor value, Tensor? logits, Tensor output, Tensor? lse, TokenRows rows)
    {
        kernels.Forward(Floats(logits), Floats(query), Vectors(key), Vectors(value), Floats(output), Floats(lse), rows);

        // Spans do not keep the memory of a tensor alive; the tensor does.
        GC.KeepAlive(query);
        GC.KeepAlive(key);
        GC.KeepAlive(value);
        GC.KeepAlive(logits);
        GC.KeepAlive(output);
        GC.KeepAlive(lse);
    }

    /// <summary>A contiguous tensor's numbers; empty for none. The tensor must outlive the span.</summary>
    public static Span<float> Floats(Tensor? tensor) => tensor is null ? default : MemoryMarshal.Cast<byte, float>(tensor.bytes);

    private static bool IsDifferentiated(Tensor query, Tensor key, Tensor value, Tensor? logits) =>
        is_grad_enabled() && (query.requires_grad || key.requires_grad || value.requires_grad || logits is { requires_grad: true });

    /// <summary>Gradients want dense operands; without them keys and values may lie at any strides, as in a cache.</summary>
    private static bool Readable(Tensor x, bool differentiated)
    {
        if (x.is_contiguous())
        {
            return true;
        }

        long[] strides = x.stride();
        return !differentiated && strides[3] == 1 && Array.TrueForAll(strides, stride => stride >= 0);
    }

    private static string? TooLarge(Tensor x)
    {
        long bytes = Extent(x) * sizeof(float);
        return bytes <= int.MaxValue ? null : string.Create(CultureInfo.InvariantCulture, $"one operand spans {bytes} bytes, and the kernels take at most {int.MaxValue}");
    }

    /// <summary>Elements from the first to the last.</summary>
    private static long Extent(Tensor x)
    {
        long[] shape = x.shape;
        long[] strides = x.stride();
        long last = 0;
        for (int i = 0; i < shape.Length; i++)
        {
            last += (shape[i] - 1) * strides[i];
        }

        return last + 1;
    }

    /// <summary>Vectors of a tensor at its own strides. The view that gives the span only borrows the tensor's memory, which the tensor keeps alive.</summary>
    private static HeadRows<float> Vectors(Tensor x)
    {
        long[] strides = x.stride();
        using Tensor all = x.as_strided([Extent(x)], [1], x.storage_offset());
        return new HeadRows<float>(Floats(all), strides[0], strides[1], strides[2]);
    }
}
