using System;
using System.Collections.Generic;
using AttnDsl.Torch;
using static TorchSharp.torch;

namespace Recall;

/// <summary>A kind of attention that takes part.</summary>
/// <param name="Name">What tables and charts call it.</param>
/// <param name="Dim">Width of the residual stream.</param>
/// <param name="Parameters">Parameters of one layer.</param>
/// <param name="CacheBytes">Bytes that one layer caches per token, in float32.</param>
/// <param name="Create">Makes a layer, [batch, tokens, dim] to the same.</param>
public sealed record Contender(string Name, int Dim, long Parameters, long CacheBytes, Func<nn.Module<Tensor, Tensor>> Create)
{
    // Sequences so short are quickest with libtorch's attention; the kernels of AttnDsl pay off later.
    private const CorePath Core = CorePath.Sdpa;

    /// <summary>Those of a residual stream of 64.</summary>
    public static IReadOnlyList<Contender> OfWidth64 { get; } =
    [
        new("MHA", Width64.MultiHead.Spec.Dim, Width64.MultiHead.Spec.ParameterCount, Width64.MultiHead.Spec.CacheBytesPerToken, () => new Width64.MultiHead.Module { Core = Core }),
        new("GQA", Width64.Grouped.Spec.Dim, Width64.Grouped.Spec.ParameterCount, Width64.Grouped.Spec.CacheBytesPerToken, () => new Width64.Grouped.Module { Core = Core }),
        new("SQA", Width64.SparseQueries.Spec.Dim, Width64.SparseQueries.Spec.ParameterCount, Width64.SparseQueries.Spec.CacheBytesPerToken, () => new Width64.SparseQueries.Module { Core = Core }),
        new("window 16", Width64.Windowed.Spec.Dim, Width64.Windowed.Spec.ParameterCount, Width64.Windowed.Spec.CacheBytesPerToken, () => new Width64.Windowed.Module { Core = Core }),
    ];

    /// <summary>Those of a residual stream of 128.</summary>
    public static IReadOnlyList<Contender> OfWidth128 { get; } =
    [
        new("MHA", Width128.MultiHead.Spec.Dim, Width128.MultiHead.Spec.ParameterCount, Width128.MultiHead.Spec.CacheBytesPerToken, () => new Width128.MultiHead.Module { Core = Core }),
        new("GQA", Width128.Grouped.Spec.Dim, Width128.Grouped.Spec.ParameterCount, Width128.Grouped.Spec.CacheBytesPerToken, () => new Width128.Grouped.Module { Core = Core }),
        new("SQA", Width128.SparseQueries.Spec.Dim, Width128.SparseQueries.Spec.ParameterCount, Width128.SparseQueries.Spec.CacheBytesPerToken, () => new Width128.SparseQueries.Module { Core = Core }),
        new("window 16", Width128.Windowed.Spec.Dim, Width128.Windowed.Spec.ParameterCount, Width128.Windowed.Spec.CacheBytesPerToken, () => new Width128.Windowed.Module { Core = Core }),
    ];
}
