using System.Collections.Generic;
using System.Linq;
using System.Text;
using AttnDsl.Compiler.Plan;

namespace AttnDsl.Compiler.Emit;

/// <summary>Nested loops over the extents of a tensor, in the variables b (row of the batch), t (token), h (head), c (channel), and the index expressions that go with them.</summary>
internal sealed class LoopNest
{
    private static readonly string[] s_variables = ["b", "t", "h", "c"];

    private readonly TensorType _type;

    /// <param name="type">[B, T, .., channels] or constant extents only.</param>
    /// <param name="skipLast">Leave the last axis to the caller.</param>
    public LoopNest(TensorType type, bool skipLast)
    {
        _type = type;
        int count = skipLast ? type.Rank - 1 : type.Rank;
        var open = new StringBuilder();
        for (int axis = 0; axis < count; axis++)
        {
            string variable = Variable(type, axis);
            open.Append("for (int ").Append(variable).Append(" = 0; ").Append(variable).Append(" < ").Append(Bound(type.Dims[axis])).Append("; ").Append(variable).Append("++)\n{\n");
        }

        Open = open.ToString().TrimEnd('\n');
        Close = string.Concat(Enumerable.Repeat("}\n", count)).TrimEnd('\n');
    }

    public string Open { get; }

    public string Close { get; }

    /// <summary>Row-major index of an element; an extent of 1 and missing leading axes take no part.</summary>
    /// <param name="type">Type of the array, repeated over the nest's type.</param>
    /// <param name="last">Expression of the last axis when the caller loops over it, else null.</param>
    public string Index(TensorType type, string? last = null)
    {
        string index = "";
        for (int axis = 0; axis < type.Rank; axis++)
        {
            bool isLast = axis == type.Rank - 1;
            string at = type.Dims[axis].Size == 1 ? "0" : isLast && last is not null ? last : Variable(_type, axis + _type.Rank - type.Rank);
            index = Join(index, Extent(type.Dims[axis]), at);
        }

        return index.Length == 0 ? "0" : index;
    }

    /// <summary>Number of elements as a C# expression.</summary>
    public static IEnumerable<string> Extents(TensorType type) => type.Dims.Select(Extent);

    public static string Extent(Dim dim) => dim == Dim.B ? "batch" : dim == Dim.T ? "tokens" : dim == Dim.S ? "keys" : dim.IsConstant ? dim.Text : throw new PlanException("no loop over " + dim);

    private static string Join(string index, string extent, string at)
    {
        if (index.Length == 0)
        {
            return at == "0" ? "" : at;
        }

        string scaled = extent == "1" ? index : (index.IndexOf(' ') >= 0 ? "(" + index + ")" : index) + " * " + extent;
        return at == "0" ? scaled : scaled + " + " + at;
    }

    private static string Bound(Dim dim) => dim == Dim.B ? "batch" : dim == Dim.T ? "rows.Count(b)" : dim == Dim.S ? "rows.KeyCount(b)" : Extent(dim);

    private static string Variable(TensorType type, int axis) => axis < 2 && !type.Dims[0].IsConstant
        ? s_variables[axis]
        : axis == type.Rank - 1 ? "c" : type.Rank - axis == 2 && type.Rank > 2 ? "h" : s_variables[axis];
}
