using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using AttnDsl.Compiler.Plan;

namespace AttnDsl.Compiler.Emit;

/// <summary>
/// Nested loops over the extents of a tensor, in the variables b (row of the batch), t (token), h (head), c (channel), and the index expressions that go with them. Constant
/// extents are parameters of the method that holds the loops, so that tensors of all sizes share it.
/// </summary>
internal sealed class LoopNest
{
    private static readonly string[] s_variables = ["b", "t", "h", "c"];

    /// <summary>Names of constant extents, from the last axis on.</summary>
    private static readonly string[] s_names = ["width", "heads", "groups", "blocks"];

    private readonly TensorType _type;

    /// <param name="type">[B, T, .., channels] or constant extents only.</param>
    /// <param name="skipLast">Leave the last axis to the caller.</param>
    public LoopNest(TensorType type, bool skipLast)
    {
        _type = type;
        int count = skipLast ? type.Rank - 1 : type.Rank;
        Loops = Enumerable.Range(0, count).Select(axis => new TemplateModel { ["variable"] = Variable(axis), ["bound"] = Bound(axis) }).ToArray();
        Parameters = Enumerable.Range(0, count).Where(axis => type.Dims[axis].IsConstant).Select(Name).ToArray();
    }

    /// <summary>The loops from the outside in: <c>variable</c> and <c>bound</c>.</summary>
    public IReadOnlyList<TemplateModel> Loops { get; }

    /// <summary>Names of the constant extents looped over.</summary>
    public IReadOnlyList<string> Parameters { get; }

    /// <summary>Values of <see cref="Parameters"/>: equal nests of other sizes differ in nothing else.</summary>
    public static IEnumerable<string> Arguments(TensorType type, bool skipLast) => type.Dims.Take(skipLast ? type.Rank - 1 : type.Rank).Where(d => d.IsConstant).Select(d => d.Text);

    /// <summary>What of an operand decides the text of a nest: symbols, rank, and which extents are repeated.</summary>
    /// <param name="type">Type of the array, repeated over the nest's type.</param>
    /// <param name="nest">The nest's type.</param>
    [MethodImpl(Jit.Hot)]
    public static string Pattern(TensorType type, TensorType nest)
    {
        var pattern = new char[type.Rank];
        for (int axis = 0; axis < pattern.Length; axis++)
        {
            Dim dim = type.Dims[axis];
            pattern[axis] = dim.Kind switch
            {
                DimKind.Batch => 'B',
                DimKind.Tokens => 'T',
                DimKind.Visible => 'S',
                DimKind.Recent => 'R',
                DimKind.Constant => IsRepeated(dim, nest.Dims[axis + nest.Rank - type.Rank]) ? '1' : 'c',
                _ => throw new PlanException("no loop over " + dim),
            };
        }

        string text = new(pattern);
        for (int axis = 0; axis < pattern.Length; axis++)
        {
            text += type.Dims[axis].Kind == DimKind.Recent ? " " + type.Dims[axis].Text : "";
        }

        return text;
    }

    /// <summary>Row-major index of an element; repeated extents and missing leading axes take no part.</summary>
    /// <param name="type">Type of the array, repeated over the nest's type.</param>
    /// <param name="last">Variable and extent of the last axis when the caller loops over it, else null.</param>
    public string Index(TensorType type, (string Variable, string Extent)? last = null)
    {
        string index = "";
        for (int axis = 0; axis < type.Rank; axis++)
        {
            int own = axis + _type.Rank - type.Rank;
            (string at, string extent) = axis == type.Rank - 1 && last is { } channel ? channel
                : IsRepeated(type.Dims[axis], _type.Dims[own]) ? ("0", "1")
                : (Variable(own), Extent(type.Dims[axis], own));
            index = Join(index, extent, at);
        }

        return index.Length == 0 ? "0" : index;
    }

    /// <summary>Extents of an array as C# expressions.</summary>
    /// <param name="type">Type of the array, repeated over the nest's type.</param>
    /// <param name="channels">Name of the last extent where it is not the nest's.</param>
    public string Size(TensorType type, string? channels = null)
    {
        var extents = new List<string>();
        for (int axis = 0; axis < type.Rank; axis++)
        {
            int own = axis + _type.Rank - type.Rank;
            extents.Add(axis == type.Rank - 1 && channels is not null ? channels
                : IsRepeated(type.Dims[axis], _type.Dims[own]) ? "1"
                : Extent(type.Dims[axis], own));
        }

        return string.Join(", ", extents);
    }

    private static bool IsRepeated(Dim dim, Dim own) => dim.Size == 1 && own.Size != 1;

    private static string Join(string index, string extent, string at)
    {
        if (index.Length == 0)
        {
            return at == "0" ? "" : at;
        }

        string scaled = extent == "1" ? index : (index.IndexOf(' ') >= 0 ? "(" + index + ")" : index) + " * " + extent;
        return at == "0" ? scaled : scaled + " + " + at;
    }

    private string Name(int axis) => s_names[_type.Rank - 1 - axis];

    private string Extent(Dim dim, int axis) => dim == Dim.B ? "batch" : dim == Dim.T ? "tokens" : dim == Dim.S ? "keys" : dim.Kind == DimKind.Recent ? "(" + dim.Length.ToString(System.Globalization.CultureInfo.InvariantCulture) + " + tokens)" : dim.IsConstant ? Name(axis) : throw new PlanException("no loop over " + dim);

    private string Bound(int axis)
    {
        Dim dim = _type.Dims[axis];
        return dim == Dim.B ? "batch" : dim == Dim.T ? "rows.Count(b)" : dim == Dim.S ? "rows.KeyCount(b)" : dim.Kind == DimKind.Recent ? dim.Length.ToString(System.Globalization.CultureInfo.InvariantCulture) + " + rows.Count(b)" : Extent(dim, axis);
    }

    private string Variable(int axis) => axis < 2 && !_type.Dims[0].IsConstant
        ? s_variables[axis]
        : axis == _type.Rank - 1 ? "c" : _type.Rank - axis == 2 && _type.Rank > 2 ? "h" : _type.Rank - axis == 3 && axis >= 2 ? "g" : s_variables[axis];
}
