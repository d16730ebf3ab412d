using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Plan;

namespace AttnDsl.Compiler.Emit;

/// <summary>Cuts and joins along one axis as rows of elements: an axis with what lies behind it is a row, what lies in front are rows.</summary>
internal static class AxisParts
{
    /// <summary>Elements of a row.</summary>
    public static long Width(TensorType type, int axis) => type.Dims.Skip(axis).Aggregate(1L, (product, d) => product * d.Size);

    /// <summary>Rows of each token.</summary>
    public static long RowsPerToken(TensorType type, int axis) => type.Dims.Take(axis).Where(d => d.IsConstant).Aggregate(1L, (product, d) => product * d.Size);

    /// <summary>Where each part begins in a row, and how many elements it has.</summary>
    public static IEnumerable<(PlanValue Part, string From, string Size)> Of(IEnumerable<PlanValue> parts, int axis)
    {
        long from = 0;
        foreach (PlanValue part in parts)
        {
            long size = Width(part.Type, axis);
            yield return (part, Text(from), Text(size));
            from += size;
        }
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
