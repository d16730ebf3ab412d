namespace AttnDsl;

/// <summary>How the stored weight w of a query or key norm enters the product.</summary>
public enum QkNormForm
{
    /// <summary>Multiply by w; w starts at 1 (Qwen3).</summary>
    Plain,

    /// <summary>Multiply by 1 + w; w starts at 0 (the Gemma family).</summary>
    OnePlus,
}
