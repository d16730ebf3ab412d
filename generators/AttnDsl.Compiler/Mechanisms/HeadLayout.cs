using System;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Resolved head counts and widths of a layer. Total: any spec has one, sensible only where the rules found no error.</summary>
/// <param name="Dim">Channels of the layer's input and output.</param>
/// <param name="DeclaredHeads">The heads of [Attention], before any reduction.</param>
/// <param name="QueryHeads">Projected query heads.</param>
/// <param name="KeyHeads">Key heads, absolute; the query heads' number unless something sets it.</param>
/// <param name="ValueHeads">Value heads.</param>
/// <param name="HeadDim">Channels per head as declared; dim / declared heads unless given.</param>
/// <param name="KeyWidth">Channels of one query or key head.</param>
/// <param name="ValueWidth">Channels of one value head.</param>
public sealed record HeadLayout(
    long Dim,
    long DeclaredHeads,
    long QueryHeads,
    long KeyHeads,
    long ValueHeads,
    long HeadDim,
    long KeyWidth,
    long ValueWidth)
{
    /// <summary>Channels of a query or key head that positions may turn; all of them unless something keeps some apart, 0 where there are none.</summary>
    public long RotatedWidth { get; init; } = KeyWidth;

    /// <summary>Channels of a query or key head that a norm per head sees.</summary>
    public long NormedWidth { get; init; } = KeyWidth;

    /// <summary>Channels of a cached row that codes are grouped along, 0 where rows are grouped along the tokens only.</summary>
    public long CodedChannels { get; init; } = ValueWidth;

    /// <summary>Widths that do not follow from <see cref="HeadDim"/>.</summary>
    public HeadQuantities OwnWidths { get; init; }

    /// <summary>The cache has a row of keys and a row of values per token.</summary>
    public bool KeepsKeysAndValues { get; init; } = true;

    /// <summary>Score maps, and heads that the output projection reads.</summary>
    public long ScoreHeads => Math.Max(QueryHeads, KeyHeads);

    /// <summary>Rows of q_proj.</summary>
    public long QueryFeatures => Saturating.Multiply(QueryHeads, KeyWidth);

    /// <summary>Rows of k_proj.</summary>
    public long KeyFeatures => Saturating.Multiply(KeyHeads, KeyWidth);

    /// <summary>Rows of v_proj.</summary>
    public long ValueFeatures => Saturating.Multiply(ValueHeads, ValueWidth);

    /// <summary>Columns of o_proj.</summary>
    public long OutputFeatures => Saturating.Multiply(ScoreHeads, ValueWidth);

    /// <summary>Lets every known attribute shape the heads, in rank order. Never throws.</summary>
    public static HeadLayout Of(AttentionSpec spec)
    {
        var heads = new HeadLayoutBuilder(spec);
        foreach (Mechanism mechanism in MechanismTable.ByRank)
        {
            if (spec.Find(mechanism.Name) is { } attribute)
            {
                mechanism.ShapeHeads(heads, attribute);
            }
        }

        return heads.Build();
    }
}
