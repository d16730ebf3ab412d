using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Head counts and widths while the mechanisms write them in rank order; null stands for "not set, take the default".</summary>
/// <param name="spec">Everything that was said; a mechanism may look up another's attribute.</param>
public sealed class HeadLayoutBuilder(AttentionSpec spec)
{
    public AttentionSpec Spec => spec;

    public long Dim { get; set; }

    public long DeclaredHeads { get; set; }

    public long? HeadDim { get; set; }

    public long? QueryHeads { get; set; }

    public long? KeyHeads { get; set; }

    public long? ValueHeads { get; set; }

    public long? KeyWidth { get; set; }

    public long? ValueWidth { get; set; }

    public long? RotatedWidth { get; set; }

    public long? NormedWidth { get; set; }

    public long? CodedChannels { get; set; }

    public HeadQuantities OwnWidths { get; set; }

    /// <summary>The cache has a row of keys and a row of values per token.</summary>
    public bool KeepsKeysAndValues { get; set; } = true;

    /// <summary>The head width as far as it is known.</summary>
    public long ResolvedHeadDim => HeadDim ?? Saturating.Divide(Dim, DeclaredHeads);

    /// <summary>Fills in the defaults.</summary>
    public HeadLayout Build()
    {
        long headDim = ResolvedHeadDim;
        long queryHeads = QueryHeads ?? DeclaredHeads;
        long keyHeads = KeyHeads ?? queryHeads;
        var layout = new HeadLayout(
            Dim,
            DeclaredHeads,
            queryHeads,
            keyHeads,
            ValueHeads ?? keyHeads,
            headDim,
            KeyWidth ?? headDim,
            ValueWidth ?? headDim);
        return layout with
        {
            RotatedWidth = RotatedWidth ?? layout.RotatedWidth,
            NormedWidth = NormedWidth ?? layout.NormedWidth,
            CodedChannels = CodedChannels ?? layout.CodedChannels,
            OwnWidths = OwnWidths,
            KeepsKeysAndValues = KeepsKeysAndValues,
        };
    }
}
