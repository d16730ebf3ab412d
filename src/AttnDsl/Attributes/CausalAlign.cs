namespace AttnDsl;

/// <summary>Where the causal diagonal lies when T queries look at S keys and T differs from S.</summary>
public enum CausalAlign
{
    /// <summary>The last query sees the last key: query i sees the keys j ≤ i + S − T. The rule of decoding over a cache.</summary>
    BottomRight,

    /// <summary>The first query sees the first key only: query i sees the keys j ≤ i. The rule of PyTorch's <c>is_causal</c>.</summary>
    TopLeft,
}
