namespace AttnDsl;

/// <summary>Which two channels of a head form a rotated pair. The two layouts are one function up to a fixed permutation of each head's rows.</summary>
public enum RopeLayout
{
    /// <summary>Pair i is (i, i + r/2) of the r rotary channels: Hugging Face's Llama, Qwen, Gemma, gpt-oss; GPT-NeoX.</summary>
    HalfSplit,

    /// <summary>Pair i is (2i, 2i + 1): Meta's Llama checkpoints, GPT-J, DeepSeek.</summary>
    Interleaved,
}
