using System;
using System.Collections.Generic;
using System.Linq;

namespace AttnDsl.Conformance.Tests.Layers;

/// <summary>The recordings of grouped, sparse query, latent, differential and compressed attention with the stacks they were recorded from.</summary>
internal static class GoldenCases
{
    public static readonly IReadOnlyDictionary<string, TestLayer> Layers = new Dictionary<string, TestLayer>
    {
        ["gqa-llama3-rope-interleaved"] = TestLayer.Cached<GqaLlama3.Reference, GqaLlama3.Weights<double>, GqaLlama3.ReferenceSingle, GqaLlama3.Weights<float>>(
            new(48, 6, 2, 8) { Causal = true, Rotation = new(NaiveRotation.Geometric(500000, 8), Interleaved: true) }),
        ["gqa-qwen3-qknorm-halfsplit-window"] = TestLayer.Cached<GqaQwen3.Reference, GqaQwen3.Weights<double>, GqaQwen3.ReferenceSingle, GqaQwen3.Weights<float>>(
            new(48, 6, 2, 16) { Causal = true, Left = 6, Norm = new(OnePlus: false, 1e-6), Rotation = new(NaiveRotation.Geometric(1000000, 16), Interleaved: false) }),
        ["gqa-gptoss-sink-yarn-window-bias"] = TestLayer.Cached<GqaGptOss.Reference, GqaGptOss.Weights<double>, GqaGptOss.ReferenceSingle, GqaGptOss.Weights<float>>(
            new(40, 4, 2, 32)
            {
                Causal = true,
                Left = 7,
                Sink = true,
                Rotation = new(
                    NaiveRotation.Stretched(NaiveRotation.Geometric(150000, 32), 150000, factor: 32, original: 4096, fast: 32, slow: 1, rounded: false),
                    Interleaved: false,
                    NaiveRotation.AttentionFactor(32)),
            }),
        ["gqa-gemma2-softcap"] = TestLayer.Cached<GqaGemma2.Reference, GqaGemma2.Weights<double>, GqaGemma2.ReferenceSingle, GqaGemma2.Weights<float>>(
            new(40, 4, 2, 16) { Causal = true, Cap = 5, Scale = 1 / Math.Sqrt(24), Rotation = new(NaiveRotation.Geometric(10000, 16), Interleaved: false) }),
        ["gqa-alibi-softcap-window-core"] = TestLayer.Cached<GqaAlibiCore.Reference, GqaAlibiCore.Weights<double>, GqaAlibiCore.ReferenceSingle, GqaAlibiCore.Weights<float>>(
            new(96, 6, 2, 16) { Causal = true, Left = 9, Cap = 8, Alibi = true }),
        ["sqa-sqa"] = TestLayer.Cached<Sqa.Reference, Sqa.Weights<double>, Sqa.ReferenceSingle, Sqa.Weights<float>>(
            new(48, 4, 2, 6) { Causal = true, Rotation = new(NaiveRotation.Geometric(10000, 6), Interleaved: true) }),
        ["sqa-ssqa-bidirectional"] = TestLayer.Of<SqaSymmetric.Reference, SqaSymmetric.Weights<double>, SqaSymmetric.ReferenceSingle, SqaSymmetric.Weights<float>>(
            new(48, 4, 4, 6) { Rotation = new(NaiveRotation.Geometric(10000, 6), Interleaved: true) }),
        ["sqa-xsmqa"] = TestLayer.Cached<SqaExtreme.Reference, SqaExtreme.Weights<double>, SqaExtreme.ReferenceSingle, SqaExtreme.Weights<float>>(
            new(48, 2, 1, 6) { Causal = true, Rotation = new(NaiveRotation.Geometric(10000, 6), Interleaved: true) }),
        ["sqa-rsqa"] = TestLayer.Cached<SqaReverse.Reference, SqaReverse.Weights<double>, SqaReverse.ReferenceSingle, SqaReverse.Weights<float>>(
            new(48, 2, 4, 6) { Causal = true, Rotation = new(NaiveRotation.Geometric(10000, 6), Interleaved: true) }),
        ["mla-qlora"] = TestLayer.Cached<MlaLowRank.Reference, MlaLowRank.Weights<double>, MlaLowRank.ReferenceSingle, MlaLowRank.Weights<float>>(
            new(48, 4, 4, 24) { Causal = true, Latent = new(24, 8, 16, 16), Rotation = new(NaiveRotation.Geometric(10000, 8), Interleaved: true) }),
        ["mla-noqlora-odd"] = TestLayer.Cached<MlaDirect.Reference, MlaDirect.Weights<double>, MlaDirect.ReferenceSingle, MlaDirect.Weights<float>>(
            new(48, 3, 3, 20) { Causal = true, Latent = new(20, 8, 12, 10), Rotation = new(NaiveRotation.Geometric(10000, 8), Interleaved: true) }),
        ["mla-yarn"] = TestLayer.Cached<MlaYarn.Reference, MlaYarn.Weights<double>, MlaYarn.ReferenceSingle, MlaYarn.Weights<float>>(
            new(48, 3, 3, 24)
            {
                Causal = true,
                Latent = new(16, 16, 8, 12),
                Scale = Math.Pow(NaiveRotation.AttentionFactor(4, 0.707), 2) / Math.Sqrt(24),
                Rotation = new(NaiveRotation.Stretched(NaiveRotation.Geometric(10000, 16), 10000, factor: 4, original: 16, fast: 4, slow: 1, rounded: true), Interleaved: true),
            }),
        ["diffqkv-sigma-augq"] = TestLayer.Cached<DiffSigma.Reference, DiffSigma.Weights<double>, DiffSigma.ReferenceSingle, DiffSigma.Weights<float>>(
            new(48, 8, 2, 6) { OwnValueHeads = 4, Augmented = true, Causal = true, Rotation = new(NaiveRotation.Geometric(50000, 6), Interleaved: false) }),
        ["diffqkv-half-k-dim"] = TestLayer.Cached<DiffNarrowKeys.Reference, DiffNarrowKeys.Weights<double>, DiffNarrowKeys.ReferenceSingle, DiffNarrowKeys.Weights<float>>(
            new(40, 8, 2, 8) { OwnValueHeads = 4, NarrowKeys = 4, Causal = true, Rotation = new(NaiveRotation.Geometric(10000, 8), Interleaved: false) }),
        [Selective] = TestLayer.Cached<DiffSelective.Reference, DiffSelective.Weights<double>, DiffSelective.ReferenceSingle, DiffSelective.Weights<float>>(
            new(40, 8, 2, 8) { OwnValueHeads = 4, Keep = 5, Causal = true, Rotation = new(NaiveRotation.Geometric(10000, 8), Interleaved: false) }),
        ["cca-ccgqa"] = TestLayer.Cached<CompressedGrouped.Reference, CompressedGrouped.Weights<double>, CompressedGrouped.ReferenceSingle, CompressedGrouped.Weights<float>>(
            new(64, 4, 2, 8) { Convolutions = (2, 2), Mean = true, Shift = true, UnitLength = true, Causal = true, Rotation = new(NaiveRotation.Geometric(5000000, 4), Interleaved: false) }),
        ["cca-mha-c4"] = TestLayer.Cached<CompressedFour.Reference, CompressedFour.Weights<double>, CompressedFour.ReferenceSingle, CompressedFour.Weights<float>>(
            new(64, 2, 2, 8) { Convolutions = (2, 2), Mean = true, Shift = true, UnitLength = true, Causal = true, Rotation = new(NaiveRotation.Geometric(10000, 8), Interleaved: false) }),
        ["cca-mqa-k34"] = TestLayer.Cached<CompressedMultiQuery.Reference, CompressedMultiQuery.Weights<double>, CompressedMultiQuery.ReferenceSingle, CompressedMultiQuery.Weights<float>>(
            new(48, 3, 1, 8) { Convolutions = (3, 4), Mean = true, Shift = true, UnitLength = true, Causal = true, Rotation = new(NaiveRotation.Geometric(1000000, 4), Interleaved: false) }),
        ["tpla-gla2"] = TestLayer.Cached<GroupedLatents.Reference, GroupedLatents.Weights<double>, GroupedLatents.ReferenceSingle, GroupedLatents.Weights<float>>(
            new(32, 4, 4, 12) { Latent = new(16, 4, 8, 8) { Groups = 2, Eps = 1e-5 }, Causal = true, Rotation = new(NaiveRotation.Geometric(10000, 4), Interleaved: false) }),
        ["tpla-gta"] = TestLayer.Cached<TiedGrouped.Reference, TiedGrouped.Weights<double>, TiedGrouped.ReferenceSingle, TiedGrouped.Weights<float>>(
            new(48, 6, 2, 8) { Tied = 4, Causal = true, Rotation = new(NaiveRotation.Geometric(10000, 4), Interleaved: false) }),
    };

    /// <summary>The recording of an attention core alone.</summary>
    public const string Core = "gqa-alibi-softcap-window-core";

    /// <summary>The recording of a layer that selects values and so has no gradient.</summary>
    public const string Selective = "diffqkv-selective-v";

    /// <summary>Recordings of whole layers with their gradients.</summary>
    public static TheoryData<string> LayerFiles => [.. Layers.Keys.Where(file => file is not (Core or Selective))];

    /// <summary>Recordings of whole layers without gradients.</summary>
    public static TheoryData<string> EvaluatedFiles => [Selective];

    /// <summary>Recordings of whole layers that have a cache.</summary>
    public static TheoryData<string> CachedFiles => [.. Layers.Where(layer => layer.Key != Core && layer.Value.Reference.IsCached).Select(layer => layer.Key)];

    /// <summary>All recordings.</summary>
    public static TheoryData<string> Files => [.. Layers.Keys];
}
