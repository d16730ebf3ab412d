using System.Collections.Generic;

namespace Models;

/// <summary>The models of this sample.</summary>
public static class Catalogue
{
    /// <summary>One layer of each.</summary>
    public static IReadOnlyList<Model> Models { get; } =
    [
        Model.Of<LlamaAttention.Cpu, LlamaAttention.Weights<float>, LlamaAttention.Cache>(
            "Llama 3 8B", LlamaAttention.Spec.ParameterCount, LlamaAttention.Spec.CacheBytesPerToken, LlamaAttention.Spec.PrefillFlops, LlamaAttention.Spec.DecodeBytes, LlamaAttention.Weights<float>.Create),
        Model.Of<QwenAttention.Cpu, QwenAttention.Weights<float>, QwenAttention.Cache>(
            "Qwen3 0.6B", QwenAttention.Spec.ParameterCount, QwenAttention.Spec.CacheBytesPerToken, QwenAttention.Spec.PrefillFlops, QwenAttention.Spec.DecodeBytes, QwenAttention.Weights<float>.Create),
        Model.Of<GptOssAttention.Cpu, GptOssAttention.Weights<float>, GptOssAttention.Cache>(
            "gpt-oss 20B, window", GptOssAttention.Spec.ParameterCount, GptOssAttention.Spec.CacheBytesPerToken, GptOssAttention.Spec.PrefillFlops, GptOssAttention.Spec.DecodeBytes, GptOssAttention.Weights<float>.Create),
        Model.Of<GptOssFullAttention.Cpu, GptOssFullAttention.Weights<float>, GptOssFullAttention.Cache>(
            "gpt-oss 20B, full", GptOssFullAttention.Spec.ParameterCount, GptOssFullAttention.Spec.CacheBytesPerToken, GptOssFullAttention.Spec.PrefillFlops, GptOssFullAttention.Spec.DecodeBytes, GptOssFullAttention.Weights<float>.Create),
        Model.Of<GemmaAttention.Cpu, GemmaAttention.Weights<float>, GemmaAttention.Cache>(
            "Gemma 2 9B, window", GemmaAttention.Spec.ParameterCount, GemmaAttention.Spec.CacheBytesPerToken, GemmaAttention.Spec.PrefillFlops, GemmaAttention.Spec.DecodeBytes, GemmaAttention.Weights<float>.Create),
        Model.Of<DeepSeekAttention.Cpu, DeepSeekAttention.Weights<float>, DeepSeekAttention.Cache>(
            "DeepSeek-V2-Lite", DeepSeekAttention.Spec.ParameterCount, DeepSeekAttention.Spec.CacheBytesPerToken, DeepSeekAttention.Spec.PrefillFlops, DeepSeekAttention.Spec.DecodeBytes, DeepSeekAttention.Weights<float>.Create),
        Model.Of<SigmaAttention.Cpu, SigmaAttention.Weights<float>, SigmaAttention.Cache>(
            "Sigma 1.5B", SigmaAttention.Spec.ParameterCount, SigmaAttention.Spec.CacheBytesPerToken, SigmaAttention.Spec.PrefillFlops, SigmaAttention.Spec.DecodeBytes, SigmaAttention.Weights<float>.Create),
        Model.Of<ZayaAttention.Cpu, ZayaAttention.Weights<float>, ZayaAttention.Cache>(
            "ZAYA1 8B", ZayaAttention.Spec.ParameterCount, ZayaAttention.Spec.CacheBytesPerToken, ZayaAttention.Spec.PrefillFlops, ZayaAttention.Spec.DecodeBytes, ZayaAttention.Weights<float>.Create),
    ];
}
