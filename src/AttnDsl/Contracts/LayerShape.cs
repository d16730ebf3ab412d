namespace AttnDsl;

/// <summary>Head counts and widths of one attention layer, as its inputs, outputs and attention core see them.</summary>
/// <param name="Dim">Channels of the layer's input and output: x and the result are [B, T, Dim].</param>
/// <param name="QueryHeads">Heads of q: [B, T, QueryHeads, KeyWidth].</param>
/// <param name="KeyHeads">Heads of k: [B, S, KeyHeads, KeyWidth].</param>
/// <param name="ValueHeads">Heads of v: [B, S, ValueHeads, ValueWidth].</param>
/// <param name="ScoreHeads">Score maps, and so heads of the core's output: [B, T, ScoreHeads, ValueWidth].</param>
/// <param name="KeyWidth">Channels of one query or key head.</param>
/// <param name="ValueWidth">Channels of one value head.</param>
/// <param name="Causal">Where the causal diagonal lies; null for a layer without a causal mask.</param>
/// <param name="Segments">Whether the layer was declared with <c>[Segments]</c> and so takes ragged rows, position ids and segment ids.</param>
public sealed record LayerShape(
    int Dim,
    int QueryHeads,
    int KeyHeads,
    int ValueHeads,
    int ScoreHeads,
    int KeyWidth,
    int ValueWidth,
    CausalAlign? Causal,
    bool Segments)
{
    /// <summary>Why the layer has no gradient: its members that compute one throw <see cref="System.NotSupportedException"/>, and its module evaluates only. Null for a layer that can be trained.</summary>
    public string? NoGradient { get; init; }
}
