using System.Numerics;
using AttnDsl;

namespace Stories;

/// <summary>The weights of one layer, each row-major and (out, in).</summary>
/// <typeparam name="T">Scalars of the arithmetic the model runs in.</typeparam>
/// <param name="AttentionNorm">[dim]</param>
/// <param name="Query">[heads * headDim, dim]</param>
/// <param name="Key">[kvHeads * headDim, dim]</param>
/// <param name="Value">[kvHeads * headDim, dim]</param>
/// <param name="Output">[dim, heads * headDim]</param>
/// <param name="FeedForwardNorm">[dim]</param>
/// <param name="Gate">[hidden, dim], w1 in the file.</param>
/// <param name="Down">[dim, hidden], w2 in the file.</param>
/// <param name="Up">[hidden, dim], w3 in the file.</param>
public sealed record CheckpointLayer<T>(
    T[] AttentionNorm, T[] Query, T[] Key, T[] Value, T[] Output,
    T[] FeedForwardNorm, T[] Gate, T[] Down, T[] Up)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Gives the attention its matrices, under the names it knows them by.</summary>
    /// <param name="weights">Weights of one generated attention.</param>
    public void CopyAttentionTo(AttentionWeights<T> weights)
    {
        Query.CopyTo(weights["q_proj.weight"].Data, 0);
        Key.CopyTo(weights["k_proj.weight"].Data, 0);
        Value.CopyTo(weights["v_proj.weight"].Data, 0);
        Output.CopyTo(weights["o_proj.weight"].Data, 0);
    }
}
