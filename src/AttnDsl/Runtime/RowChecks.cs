using System;
using System.ComponentModel;
using System.Numerics;

namespace AttnDsl.Runtime;

/// <summary>Checks of row descriptions and weights. Called by generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class RowChecks
{
    /// <summary>Refuses rows that do not describe a block of new tokens that sees itself, and ragged ones where the layer takes none.</summary>
    /// <param name="rows">From <see cref="TokenRows.Uniform"/> or <see cref="TokenRows.Ragged"/>.</param>
    /// <param name="ragged">The layer takes ragged rows.</param>
    /// <exception cref="ArgumentException">The rows are of another kind.</exception>
    public static void Fresh(TokenRows rows, bool ragged)
    {
        Core(rows, ragged);
        if (!rows.IsSelfContained)
        {
            throw new ArgumentException(
                $"rows: expected a block of new tokens, from TokenRows.Uniform or TokenRows.Ragged, got rows of {rows.Tokens} queries over {rows.Keys} keys", nameof(rows));
        }
    }

    /// <summary>Refuses ragged rows where the layer takes none.</summary>
    /// <param name="rows">Queries over keys.</param>
    /// <param name="ragged">The layer takes ragged rows.</param>
    /// <exception cref="ArgumentException">The rows are ragged and the layer has no [Segments].</exception>
    public static void Core(TokenRows rows, bool ragged)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.IsRagged && !ragged)
        {
            throw new ArgumentException("rows: expected rows of equal length without position or segment ids; ragged rows need [Segments] on the layer", nameof(rows));
        }
    }

    /// <summary>Zeroes what stands behind the real tokens of each row.</summary>
    /// <param name="values">[B, T, width].</param>
    /// <param name="rows">The block's rows.</param>
    /// <param name="width">Scalars per token.</param>
    public static void ClearPadding(Span<float> values, TokenRows rows, int width)
    {
        if (!rows.IsRagged)
        {
            return;
        }

        for (int row = 0; row < rows.Batch; row++)
        {
            int count = rows.Count(row);
            values.Slice(((row * rows.Tokens) + count) * width, (rows.Tokens - count) * width).Clear();
        }
    }

    /// <summary>Refuses gradients that would be written into the weights themselves.</summary>
    /// <exception cref="ArgumentException">Both are one object.</exception>
    public static void Distinct<T>(AttentionWeights<T> weights, AttentionWeights<T> gradients)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (ReferenceEquals(weights, gradients))
        {
            throw new ArgumentException("gradients: expected another object than the weights", nameof(gradients));
        }
    }
}
