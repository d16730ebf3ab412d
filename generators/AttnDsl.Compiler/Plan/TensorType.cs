using System.Linq;
using System.Text;
using AttnDsl.Compiler.Costs;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Plan;

public enum ElementKind
{
    /// <summary>The backend's floating-point type.</summary>
    Real,

    /// <summary>Ascending, duplicate-free lists of key units per (row, list head, query unit); a list has no gradient.</summary>
    List,
}

/// <summary>Row-major tensor type; dims may be symbols.</summary>
public sealed record TensorType(EquatableArray<Dim> Dims, ElementKind Element = ElementKind.Real)
{
    public int Rank => Dims.Count;

    /// <summary>The last extent.</summary>
    public Dim Channels => Dims[Rank - 1];

    /// <summary>Product of the constant extents: the elements per token where the others are B and T (or S).</summary>
    public long ConstantElements => Dims.Where(d => d.IsConstant).Aggregate(1L, (product, d) => product * d.Size);

    /// <summary>How often a row of constant extents is computed: along the axis of tokens or windows, or once without one.</summary>
    public Extent Rows => Dims.FirstOrDefault(d => !d.IsConstant && d != Dim.B)?.Extent ?? Once.Instance;

    public static TensorType Of(params Dim[] dims) => new(EquatableArray.Of(dims));

    public static TensorType Constant(params long[] sizes) => new(sizes.Select(Dim.Of).ToEquatableArray());

    /// <summary>The same type with the last extent replaced.</summary>
    public TensorType WithChannels(Dim channels) => new(Dims.Take(Rank - 1).Append(channels).ToEquatableArray(), Element);

    /// <summary>The same type with one axis replaced.</summary>
    public TensorType WithAxis(int axis, Dim extent) => new(Dims.Select((d, i) => i == axis ? extent : d).ToEquatableArray(), Element);

    public override string ToString()
    {
        var text = new StringBuilder(Element == ElementKind.List ? "list[" : "[");
        for (int i = 0; i < Rank; i++)
        {
            text.Append(i == 0 ? "" : ", ").Append(Dims[i].Text);
        }

        return text.Append(']').ToString();
    }
}
