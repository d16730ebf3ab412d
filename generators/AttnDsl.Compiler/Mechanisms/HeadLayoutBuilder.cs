namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Head counts and widths while the mechanisms write them in rank order; null stands for "not set, take the default".</summary>
public sealed class HeadLayoutBuilder
{
    public long Dim { get; set; }

    public long DeclaredHeads { get; set; }

    public long? HeadDim { get; set; }

    public long? QueryHeads { get; set; }

    public long? KeyHeads { get; set; }

    public long? ValueHeads { get; set; }

    public long? KeyWidth { get; set; }

    public long? ValueWidth { get; set; }

    /// <summary>Fills in the defaults.</summary>
    public HeadLayout Build()
    {
        long headDim = HeadDim ?? Saturating.Divide(Dim, DeclaredHeads);
        long queryHeads = QueryHeads ?? DeclaredHeads;
        long keyHeads = KeyHeads ?? queryHeads;
        return new HeadLayout(
            Dim,
            DeclaredHeads,
            queryHeads,
            keyHeads,
            ValueHeads ?? keyHeads,
            headDim,
            KeyWidth ?? headDim,
            ValueWidth ?? headDim);
    }
}
