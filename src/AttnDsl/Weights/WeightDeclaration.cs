using System;
using System.Collections.Immutable;

namespace AttnDsl;

/// <summary>One parameter of a layer.</summary>
/// <param name="Name">Checkpoint name, such as <c>q_proj.weight</c>.</param>
/// <param name="Shape">Sizes, outermost first; (out, in) for the weight of a linear map.</param>
/// <param name="Initialisation">How it starts.</param>
/// <param name="Deviation">Standard deviation for <see cref="Initialisation.Normal"/>.</param>
/// <param name="Rotary">Its rotated rows, or null when none is rotated.</param>
public sealed record WeightDeclaration(string Name, ImmutableArray<int> Shape, Initialisation Initialisation, double Deviation = 0, RotaryRows? Rotary = null)
{
    /// <summary>Equal names, shapes (by value), initialisations and rotated rows.</summary>
    /// <param name="other">The other declaration.</param>
    public bool Equals(WeightDeclaration? other) =>
        other is not null
        && Name == other.Name
        && Shape.AsSpan().SequenceEqual(other.Shape.AsSpan())
        && Initialisation == other.Initialisation
        && Deviation.Equals(other.Deviation)
        && Rotary == other.Rotary;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Shape.IsDefault ? -1 : Shape.Length, Initialisation, Deviation, Rotary);
}
