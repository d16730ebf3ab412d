namespace AttnDsl.Torch;

/// <summary>How a module computes its attention core. The projections around it are torch operations on every path.</summary>
public enum CorePath
{
    /// <summary>
    /// Chosen for every call, and visible in <see cref="AttentionModule.LastCore"/>: <see cref="Fused"/> for contiguous float32 tensors on the CPU, else <see cref="Sdpa"/> where it is exact, else <see cref="Torch"/>.
    /// Whoever differentiates twice sets <see cref="Torch"/>: the others are written for one derivative.
    /// </summary>
    Auto,

    /// <summary>Products, softmax, products: plain torch operations. Any dtype and device, differentiable as often as wanted, T × S scores in memory.</summary>
    Torch,

    /// <summary>libtorch's scaled_dot_product_attention. Any dtype and device, for layers whose core it computes exactly: no operation on the scores, no learned logits.</summary>
    Sdpa,

    /// <summary>The layer's own SIMD kernels, forward and backward, behind a custom autograd function: float32 on the CPU, without a copy and without a matrix of scores.</summary>
    Fused,
}
