using System.Collections.Generic;
using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>What one attribute of the vocabulary means. Stateless: everything it knows about a layer comes from the spec. A mechanism never names a backend.</summary>
public abstract class Mechanism
{
    /// <summary>The attribute's class name without the suffix, for example <c>GroupedQuery</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Place in the canonical order of application, see <see cref="Ranks"/>; the order in the source never matters.</summary>
    public abstract int Rank { get; }

    /// <summary>The head quantities this attribute sets. Two contradicting attributes make unknown what both set.</summary>
    public virtual HeadQuantities Shapes => HeadQuantities.None;

    /// <summary>Reports what is wrong with the attribute. Runs after the checks of every lower rank.</summary>
    public abstract void Check(RuleContext context, AttributeSpec attribute);

    /// <summary>Writes the head counts and widths that the attribute decides. Must accept any argument values.</summary>
    public virtual void ShapeHeads(HeadLayoutBuilder heads, AttributeSpec attribute)
    {
    }

    /// <summary>Weights beside the four projections that may be too large for an array. Must accept any argument values.</summary>
    public virtual IEnumerable<Matrix> Matrices(HeadLayout heads, AttributeSpec attribute) => [];

    /// <summary>Adds to the layer what the attribute means. Called in rank order, for specs without errors only.</summary>
    public virtual void Lower(LayerDraft draft, AttributeSpec attribute)
    {
    }
}

/// <summary>The extents of a weight.</summary>
/// <param name="Weight">Checkpoint name.</param>
/// <param name="Argument">The argument that decides them.</param>
/// <param name="Rows">First extent.</param>
/// <param name="Columns">Product of the others.</param>
public sealed record Matrix(string Weight, string? Argument, long Rows, long Columns);
