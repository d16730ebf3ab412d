using System.Numerics;

namespace AttnDsl.Conformance.Tests.Weights;

/// <summary>Weights as generated code declares them: 2 query heads and 1 key head of width 6, of which 4 rotate.</summary>
internal sealed class SampleWeights<T>(RopeLayout? layout) : AttentionWeights<T>(
    [
        new("q_proj.weight", [12, 3], Initialisation.Normal, 0.5, layout is null ? null : new(2, 6, 4)),
        new("q_proj.bias", [12], Initialisation.Zeros, 0, layout is null ? null : new(2, 6, 4)),
        new("k_proj.weight", [6, 3], Initialisation.Normal, 0.5, layout is null ? null : new(1, 6, 4)),
        new("v_proj.weight", [6, 3], Initialisation.Normal, 0.5),
        new("q_norm.weight", [6], Initialisation.Ones, 0, layout is null ? null : new(1, 6, 4)),
    ],
    layout)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Every scalar its own value: 1000 · tensor + index.</summary>
    public static SampleWeights<T> Counted(RopeLayout? layout)
    {
        var weights = new SampleWeights<T>(layout);
        for (int t = 0; t < weights.Tensors.Count; t++)
        {
            for (int i = 0; i < weights.Tensors[t].Data.Length; i++)
            {
                weights.Tensors[t].Data[i] = T.CreateChecked((1000 * t) + i);
            }
        }

        return weights;
    }
}
