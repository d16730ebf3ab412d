using System;
using AttnDsl.Torch.Cores;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch;

public abstract partial class AttentionModule
{
    /// <summary>Rotates the heads of every new token by its position: by the kernels' rotation where <see cref="Core"/> allows kernels and they can work on the tensor, else in torch operations. Called by generated code.</summary>
    /// <param name="x">[B, T, heads, width].</param>
    /// <param name="rows">The call's rows.</param>
    /// <param name="rotation">The rotation.</param>
    /// <param name="inverse">By −a.</param>
    /// <returns>As x.</returns>
    protected Tensor Turn(Tensor x, RowTensors rows, Rotation rotation, bool inverse = false)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(rotation);
        if (Core is (CorePath.Auto or CorePath.Fused) && Kernels is not null && FusedRotation.CanTurn(x))
        {
            return FusedRotation.Turn(x, rotation.Kernel, rows.Rows, inverse);
        }

        (Tensor cos, Tensor sin) = rows.Turns(rotation, ofKeys: false, x);
        return rotation.Apply(x, cos, inverse ? -sin : sin);
    }

    /// <summary>Rotates the heads of every visible key, cached ones included, by its position, in torch operations. Called by generated code.</summary>
    /// <param name="x">[B, S, heads, width].</param>
    /// <param name="rows">The call's rows.</param>
    /// <param name="rotation">The rotation.</param>
    /// <param name="inverse">By −a.</param>
    /// <returns>As x.</returns>
    protected static Tensor TurnKeys(Tensor x, RowTensors rows, Rotation rotation, bool inverse = false)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(rotation);
        (Tensor cos, Tensor sin) = rows.Turns(rotation, ofKeys: true, x);
        return rotation.Apply(x, cos, inverse ? -sin : sin);
    }
}
