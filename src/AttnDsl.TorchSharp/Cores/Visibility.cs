using System;
using System.Linq;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Cores;

/// <summary>What a hidden place must never do: a product with 0 keeps a NaN or an infinity, so places that are not finite are taken out before the products.</summary>
internal static class Visibility
{
    /// <summary>Whether all numbers are finite. One pass and one number in the usual case: a finite sum has finite terms.</summary>
    public static bool AllFinite(params ReadOnlySpan<Tensor> tensors)
    {
        using var constants = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach (Tensor x in tensors)
        {
            ScalarType wide = x.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
            if (!double.IsFinite(x.sum(wide).ToDouble()) && !x.isfinite().all().ToBoolean())
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Runs a core on operands in which everything that is not finite is 0, and makes those queries NaN that do see something of it. Hidden places then reach neither results nor gradients; a query that sees one
    /// is as broken as it has to be, and passes no gradient on.
    /// </summary>
    /// <param name="query">[B, T, queryHeads, dqk].</param>
    /// <param name="key">[B, S, keyHeads, dqk].</param>
    /// <param name="value">[B, S, valueHeads, dv].</param>
    /// <param name="visible">bool, broadcasts to [B, scoreHeads, T, S].</param>
    /// <param name="core">The core over clean operands.</param>
    public static Tensor Contain(Tensor query, Tensor key, Tensor value, Tensor visible, Func<Tensor, Tensor, Tensor, Tensor> core)
    {
        Tensor o = core(Clean(query), Clean(key), Clean(value));
        Tensor brokenKeys = Broken(key) | Broken(value);   // [B, S]
        Tensor brokenPairs = brokenKeys.view(key.shape[0], 1, 1, -1) | Broken(query).view(query.shape[0], 1, -1, 1);
        Tensor seen = (visible & brokenPairs).any(-1);   // [B, 1 or scoreHeads, T]
        return o.masked_fill(seen.transpose(1, 2).unsqueeze(-1), double.NaN);
    }

    private static Tensor Clean(Tensor x) => x.masked_fill(x.isfinite().logical_not(), 0);

    private static Tensor Broken(Tensor x) => x.isfinite().logical_not().flatten(2).any(-1);
}
