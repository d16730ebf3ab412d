using System;
using System.Collections.Immutable;

using AttnDsl.Runtime;

namespace AttnDsl;

/// <summary>What a file's header says about one tensor. The numbers stay in the file until they are read.</summary>
public sealed class SafetensorsTensor
{
    internal SafetensorsTensor(string name, SafetensorsDtype dtype, ImmutableArray<long> shape, long count, long begin, long end)
    {
        Name = name;
        Dtype = dtype;
        Shape = shape;
        Count = count;
        Begin = begin;
        End = end;
    }

    /// <summary>Name in the file.</summary>
    public string Name { get; }

    /// <summary>Element type.</summary>
    public SafetensorsDtype Dtype { get; }

    /// <summary>Sizes, outermost first; empty for a scalar.</summary>
    public ImmutableArray<long> Shape { get; }

    /// <summary>Number of elements.</summary>
    public long Count { get; }

    /// <summary>First byte, counted from the end of the header.</summary>
    public long Begin { get; }

    /// <summary>Byte after the last one, counted from the end of the header.</summary>
    public long End { get; }

    /// <summary>Name, element type and shape: <c>q_proj.weight F32 [48, 48]</c>.</summary>
    public override string ToString() => $"{Name} {SafetensorsDtypes.NameOf(Dtype)} {Check.Shape(Shape.AsSpan())}";
}
