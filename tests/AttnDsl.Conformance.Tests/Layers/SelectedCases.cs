using System.Collections.Generic;
using System.Linq;

namespace AttnDsl.Conformance.Tests.Layers;

/// <summary>Layers that select values, with their oracles.</summary>
internal static class SelectedCases
{
    public static readonly IReadOnlyList<TestLayer> All =
    [
        TestLayer.Cached<SelectedEverything.Reference, SelectedEverything.Weights<double>, SelectedEverything.ReferenceSingle, SelectedEverything.Weights<float>>(
            new(20, 4, 2, 16) { Keep = 6, Norm = new(OnePlus: false, 1e-6), Scale = 1 / System.Math.Sqrt(8), Rotation = new(NaiveRotation.Geometric(10000, 16), Interleaved: true), Cap = 6, Causal = true, Left = 20, Sink = true }),
        TestLayer.Cached<SelectedPaged.Reference, SelectedPaged.Weights<double>, SelectedPaged.ReferenceSingle, SelectedPaged.Weights<float>>(
            new(24, 6, 2, 4) { OwnValueHeads = 3, Keep = 5, Alibi = true, Causal = true }),
        TestLayer.Of<SelectedBothSides.Reference, SelectedBothSides.Weights<double>, SelectedBothSides.ReferenceSingle, SelectedBothSides.Weights<float>>(
            new(12, 3, 1, 8) { Keep = 4, Left = 9, Right = 7 }),
        TestLayer.Cached<SelectedLatent.Reference, SelectedLatent.Weights<double>, SelectedLatent.ReferenceSingle, SelectedLatent.Weights<float>>(
            new(24, 3, 3, 10) { Keep = 4, Causal = true, Latent = new(10, 4, 6, 5), Rotation = new(NaiveRotation.Geometric(10000, 4), Interleaved: true) }),
        TestLayer.Cached<SelectedNarrow.Reference, SelectedNarrow.Weights<double>, SelectedNarrow.ReferenceSingle, SelectedNarrow.Weights<float>>(
            new(16, 4, 2, 8) { OwnValueHeads = 4, NarrowKeys = 3, Keep = 5, Causal = true, Rotation = new(NaiveRotation.Geometric(10000, 8), Interleaved: false) }),
        TestLayer.Cached<SelectedRing.Reference, SelectedRing.Weights<double>, SelectedRing.ReferenceSingle, SelectedRing.Weights<float>>(
            new(16, 4, 2, 8) { Keep = 4, Causal = true, Rotation = new(NaiveRotation.Geometric(10000, 8), Interleaved: false) }),
        TestLayer.Cached<SelectedCodes.Reference, SelectedCodes.Weights<double>, SelectedCodes.ReferenceSingle, SelectedCodes.Weights<float>>(
            new(32, 4, 2, 16) { Keep = 6, Causal = true }),
        GoldenCases.Layers[GoldenCases.Selective],
    ];

    public static TheoryData<string> Names => [.. All.Select(layer => layer.Name)];

    /// <summary>Those whose cache keeps every token as it is.</summary>
    public static TheoryData<string> Exact => [.. All.Select(layer => layer.Name).Where(name => name is not (nameof(SelectedBothSides) or nameof(SelectedRing) or nameof(SelectedCodes)))];

    public static TestLayer Of(string name) => All.Single(layer => layer.Name == name);
}
