using System;
using System.Collections.Generic;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Cores;

/// <summary>
/// Gradients handed to libtorch, which has its own references once the backward returned. The caller's dispose scope owns them if there is one; the next call on the thread lets go of them in any case.
/// </summary>
internal static class HandedOver
{
    [ThreadStatic]
    private static List<Tensor>? s_gradients;

    /// <summary>Keeps a gradient until libtorch has taken it.</summary>
    public static void Add(Tensor gradient)
    {
        gradient.MoveToOuterDisposeScope();
        (s_gradients ??= []).Add(gradient);
    }

    /// <summary>Lets go of what the last backward on this thread handed over.</summary>
    public static void Release()
    {
        s_gradients?.ForEach(gradient => gradient.Dispose());
        s_gradients?.Clear();
    }
}
