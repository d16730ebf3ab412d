using System;
using System.Linq;
using static TorchSharp.torch;

namespace AttnDsl.Torch;

/// <summary>The rotation of a ring's sinks as torch operations.</summary>
internal static class SinkTurn
{
    /// <summary>x [.., width] turned by so many tokens.</summary>
    public static Tensor Of(Tensor x, CacheRotation rotation, int tokens)
    {
        int pairs = rotation.Frequencies.Length;
        long rest = x.shape[^1] - (2 * pairs);

        // Angles in double, whatever the type: a float knows large ones to a few digits only.
        Tensor cosine = tensor(rotation.Frequencies.Select(f => Math.Cos(tokens * f)).ToArray(), x.dtype, x.device);
        Tensor sine = tensor(rotation.Frequencies.Select(f => Math.Sin(tokens * f)).ToArray(), x.dtype, x.device);
        Tensor turning = x.narrow(-1, 0, 2 * pairs);
        bool interleaved = rotation.Layout == RopeLayout.Interleaved;
        Tensor split = interleaved ? turning.reshape([.. x.shape[..^1], pairs, 2]) : turning.reshape([.. x.shape[..^1], 2, pairs]);
        int axis = interleaved ? x.shape.Length : x.shape.Length - 1;
        Tensor[] pair = [split.select(axis, 0), split.select(axis, 1)];
        Tensor u = (pair[0] * cosine) - (pair[1] * sine);
        Tensor v = (pair[0] * sine) + (pair[1] * cosine);
        Tensor turned = stack([u, v], axis).reshape(turning.shape);
        return rest == 0 ? turned : cat([turned, x.narrow(-1, 2 * pairs, rest)], -1);
    }
}
