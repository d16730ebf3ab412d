namespace AttnDsl;

/// <summary>What YaRN's attention factor multiplies.</summary>
public enum YarnScale
{
    /// <summary>Cosine and sine of the rotation, so that rotated scores grow by the factor's square (gpt-oss, Hugging Face's usual form).</summary>
    Rotation,

    /// <summary>The softmax scale, by the factor's square, for rotated and unrotated channels alike (DeepSeek).</summary>
    Softmax,
}
