using System;
using System.Linq;

namespace AttnDsl.Conformance.Tests.Layers;

/// <summary>The covering stacks with their oracles.</summary>
internal static class CoveringCases
{
    private static readonly double[] s_stretched = NaiveRotation.Stretched(NaiveRotation.Geometric(1000, 16), 1000, factor: 4, original: 300, fast: 8, slow: 1, rounded: false);
    private static readonly double[] s_rounded = NaiveRotation.Stretched(NaiveRotation.Geometric(1000, 16), 1000, factor: 6, original: 50, fast: 4, slow: 1, rounded: true);
    private static readonly double[] s_clamped = NaiveRotation.Stretched(NaiveRotation.Geometric(1000, 6), 1000, factor: 3, original: 5, fast: 32, slow: 1, rounded: true);
    private static readonly double[] s_everything = NaiveRotation.Stretched(NaiveRotation.Geometric(500, 6), 500, factor: 4, original: 40, fast: 3, slow: 1, rounded: true);

    public static readonly TestLayer[] All =
    [
        TestLayer.Cached<Plain.Reference, Plain.Weights<double>, Plain.ReferenceSingle, Plain.Weights<float>>(new(12, 3, 3, 4) { Causal = true }),
        TestLayer.Of<Biased.Reference, Biased.Weights<double>, Biased.ReferenceSingle, Biased.Weights<float>>(new(12, 4, 2, 6)),
        TestLayer.Cached<Interleaved.Reference, Interleaved.Weights<double>, Interleaved.ReferenceSingle, Interleaved.Weights<float>>(
            new(16, 4, 2, 4) { Causal = true, Rotation = new(NaiveRotation.Geometric(100, 4), Interleaved: true) }),
        TestLayer.Cached<PartlyRotated.Reference, PartlyRotated.Weights<double>, PartlyRotated.ReferenceSingle, PartlyRotated.Weights<float>>(
            new(12, 3, 1, 8) { Causal = true, Rotation = new(NaiveRotation.Geometric(50, 4), Interleaved: false) }),
        TestLayer.Of<Strided.Reference, Strided.Weights<double>, Strided.ReferenceSingle, Strided.Weights<float>>(
            new(10, 2, 2, 10) { Rotation = new(NaiveRotation.Geometric(20, 6, stride: 2), Interleaved: true) }),
        TestLayer.Cached<Normed.Reference, Normed.Weights<double>, Normed.ReferenceSingle, Normed.Weights<float>>(
            new(12, 3, 3, 6) { Causal = true, Left = 2, Scale = 1 / Math.Sqrt(5), Norm = new(OnePlus: false, 1e-6), Rotation = new(NaiveRotation.Geometric(30, 6), Interleaved: false) }),
        TestLayer.Of<NormedOnePlus.Reference, NormedOnePlus.Weights<double>, NormedOnePlus.ReferenceSingle, NormedOnePlus.Weights<float>>(
            new(12, 4, 2, 5) { Left = 2, Right = 1, Scale = 0.7, Norm = new(OnePlus: true, 1e-3) }),
        TestLayer.Cached<Capped.Reference, Capped.Weights<double>, Capped.ReferenceSingle, Capped.Weights<float>>(
            new(8, 2, 2, 4) { Causal = true, Cap = 0.8, Rotation = new(NaiveRotation.Geometric(10, 4), Interleaved: false) }),
        TestLayer.Cached<AlibiSink.Reference, AlibiSink.Weights<double>, AlibiSink.ReferenceSingle, AlibiSink.Weights<float>>(
            new(18, 6, 3, 3) { Causal = true, Left = 3, Alibi = true, Sink = true }),
        TestLayer.Of<AlibiBothSides.Reference, AlibiBothSides.Weights<double>, AlibiBothSides.ReferenceSingle, AlibiBothSides.Weights<float>>(
            new(9, 3, 3, 3) { Alibi = true, Cap = 2 }),
        TestLayer.Cached<Segmented.Reference, Segmented.Weights<double>, Segmented.ReferenceSingle, Segmented.Weights<float>>(
            new(8, 4, 2, 4) { Causal = true, Rotation = new(NaiveRotation.Geometric(40, 4), Interleaved: true) }),
        TestLayer.Of<SegmentedBothSides.Reference, SegmentedBothSides.Weights<double>, SegmentedBothSides.ReferenceSingle, SegmentedBothSides.Weights<float>>(
            new(8, 2, 2, 4) { Left = 1, Right = 2, Sink = true, Rotation = new(NaiveRotation.Geometric(25, 4), Interleaved: false) }),
        TestLayer.Cached<Reversed.Reference, Reversed.Weights<double>, Reversed.ReferenceSingle, Reversed.Weights<float>>(
            new(10, 2, 4, 4) { Causal = true, Sink = true, Rotation = new(NaiveRotation.Geometric(10000, 4), Interleaved: true) }),
        TestLayer.Cached<Sparse.Reference, Sparse.Weights<double>, Sparse.ReferenceSingle, Sparse.Weights<float>>(
            new(10, 6, 3, 4) { Causal = true, Left = 4, Rotation = new(NaiveRotation.Geometric(60, 4), Interleaved: false) }),
        TestLayer.Cached<Stretched.Reference, Stretched.Weights<double>, Stretched.ReferenceSingle, Stretched.Weights<float>>(
            new(10, 2, 2, 16) { Causal = true, Rotation = new(s_stretched, Interleaved: false, NaiveRotation.AttentionFactor(4)) }),
        TestLayer.Cached<StretchedRounded.Reference, StretchedRounded.Weights<double>, StretchedRounded.ReferenceSingle, StretchedRounded.Weights<float>>(
            new(10, 2, 2, 16) { Causal = true, Scale = Math.Pow(NaiveRotation.AttentionFactor(6, 0.7), 2) / 4, Rotation = new(s_rounded, Interleaved: true) }),
        TestLayer.Cached<StretchedClamped.Reference, StretchedClamped.Weights<double>, StretchedClamped.ReferenceSingle, StretchedClamped.Weights<float>>(
            new(8, 2, 2, 8) { Causal = true, Rotation = new(s_clamped, Interleaved: false, NaiveRotation.AttentionFactor(3)) }),
        TestLayer.Of<TopLeft.Reference, TopLeft.Weights<double>, TopLeft.ReferenceSingle, TopLeft.Weights<float>>(new(8, 2, 2, 4) { Causal = true, Alibi = true }),
        TestLayer.Cached<Everything.Reference, Everything.Weights<double>, Everything.ReferenceSingle, Everything.Weights<float>>(
            new(12, 4, 2, 6)
            {
                Causal = true,
                Left = 5,
                Cap = 3,
                Sink = true,
                Scale = Math.Pow(NaiveRotation.AttentionFactor(4, 0.5), 2) / 2,
                Norm = new(OnePlus: false, 1e-6),
                Rotation = new(s_everything, Interleaved: true),
            }),
        TestLayer.Cached<Differential.Reference, Differential.Weights<double>, Differential.ReferenceSingle, Differential.Weights<float>>(
            new(10, 12, 3, 3) { OwnValueHeads = 4, Augmented = true, Norm = new(OnePlus: false, 1e-6), Causal = true, Alibi = true, Sink = true }),
        TestLayer.Cached<Narrowed.Reference, Narrowed.Weights<double>, Narrowed.ReferenceSingle, Narrowed.Weights<float>>(
            new(10, 4, 4, 6)
            {
                OwnValueHeads = 2, Augmented = true, NarrowKeys = 3, Norm = new(OnePlus: false, 1e-6), Causal = true, Left = 4, Rotation = new(NaiveRotation.Geometric(70, 4), Interleaved: true),
            }),
        TestLayer.Of<NarrowedBothSides.Reference, NarrowedBothSides.Weights<double>, NarrowedBothSides.ReferenceSingle, NarrowedBothSides.Weights<float>>(
            new(9, 3, 1, 3) { OwnValueHeads = 3, NarrowKeys = 2 }),
        TestLayer.Cached<Convolved.Reference, Convolved.Weights<double>, Convolved.ReferenceSingle, Convolved.Weights<float>>(
            new(10, 4, 2, 3) { OwnValueHeads = 4, Convolutions = (3, 2), Norm = new(OnePlus: false, 1e-6), Causal = true, Sink = true }),
        TestLayer.Of<MeanAndLength.Reference, MeanAndLength.Weights<double>, MeanAndLength.ReferenceSingle, MeanAndLength.Weights<float>>(
            new(9, 4, 1, 4) { Mean = true, UnitLength = true, Rotation = new(NaiveRotation.Geometric(30, 4), Interleaved: true) }),
        TestLayer.Cached<Shifted.Reference, Shifted.Weights<double>, Shifted.ReferenceSingle, Shifted.Weights<float>>(
            new(10, 3, 3, 4) { Shift = true, Causal = true, Left = 3, Alibi = true }),
        TestLayer.Cached<CompressedParts.Reference, CompressedParts.Weights<double>, CompressedParts.ReferenceSingle, CompressedParts.Weights<float>>(
            new(12, 6, 2, 2)
            {
                Augmented = true, Convolutions = (1, 3), Mean = true, Shift = true, UnitLength = true, Cap = 4, Causal = true, Rotation = new(NaiveRotation.Geometric(20, 2), Interleaved: false),
            }),
        TestLayer.Cached<GroupedLatentsBiased.Reference, GroupedLatentsBiased.Weights<double>, GroupedLatentsBiased.ReferenceSingle, GroupedLatentsBiased.Weights<float>>(
            new(10, 4, 4, 6) { Latent = new(7, 2, 4, 6) { Groups = 2 }, Causal = true, Left = 6, Rotation = new(NaiveRotation.Geometric(20, 2), Interleaved: true) }),
        TestLayer.Cached<TiedEverything.Reference, TiedEverything.Weights<double>, TiedEverything.ReferenceSingle, TiedEverything.Weights<float>>(
            new(10, 4, 2, 6) { Tied = 4, Norm = new(OnePlus: false, 1e-6), Cap = 4, Sink = true, Causal = true, Left = 5, Rotation = new(NaiveRotation.Geometric(40, 2), Interleaved: true) }),
        TestLayer.Of<TiedBothSides.Reference, TiedBothSides.Weights<double>, TiedBothSides.ReferenceSingle, TiedBothSides.Weights<float>>(
            new(9, 3, 3, 5) { Tied = 2, Rotation = new(NaiveRotation.Geometric(30, 2), Interleaved: false) }),
    ];

    /// <summary>Names of all stacks, for theories.</summary>
    public static TheoryData<string> Names => [.. All.Select(layer => layer.Name)];

    /// <summary>Names of the stacks that have a cache.</summary>
    public static TheoryData<string> CachedNames => [.. All.Where(layer => layer.Reference.IsCached).Select(layer => layer.Name)];

    /// <summary>Names of the stacks that take ragged rows.</summary>
    public static TheoryData<string> RaggedNames => [.. All.Where(layer => layer.Reference.Shape.Segments).Select(layer => layer.Name)];

    public static TestLayer Of(string name) => All.Single(layer => layer.Name == name);
}
