using System;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;

using AttnDsl.Runtime;

namespace AttnDsl;

/// <summary>One parameter with its numbers.</summary>
/// <typeparam name="T">Scalar type.</typeparam>
[DebuggerDisplay("{Name}: {Count}")]
public sealed class WeightTensor<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    internal WeightTensor(WeightDeclaration declaration, T[] data)
    {
        Declaration = declaration;
        Data = data;
    }

    /// <summary>What the layer says about this parameter.</summary>
    public WeightDeclaration Declaration { get; }

    /// <summary>Checkpoint name, such as <c>q_proj.weight</c>.</summary>
    public string Name => Declaration.Name;

    /// <summary>Sizes, outermost first; (out, in) for the weight of a linear map.</summary>
    public ImmutableArray<int> Shape => Declaration.Shape;

    /// <summary>Number of scalars.</summary>
    public long Count => Data.LongLength;

    /// <summary>The numbers, row-major. Always the same array, so it may be kept and written to.</summary>
    [SuppressMessage("Performance", "CA1819:Properties should not return arrays", Justification = "Training code writes into the array.")]
    public T[] Data { get; }

    /// <summary>Name and shape.</summary>
    public override string ToString() => $"{Name} {Check.Shape(Shape.AsSpan())}";
}
