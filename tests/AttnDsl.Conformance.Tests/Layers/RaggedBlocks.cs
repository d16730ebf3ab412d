namespace AttnDsl.Conformance.Tests.Layers;

/// <summary>Rows of every kind that a layer with [Segments] takes.</summary>
internal static class RaggedBlocks
{
    /// <summary>Lengths alone, an empty row among them.</summary>
    public static readonly Block Lengths = new(7, [7, 0, 4, 1]);

    /// <summary>Several sequences packed into a row, each with positions of its own; ids come back after another segment, and padding has ids that mean nothing.</summary>
    public static readonly Block Packed = new(
        6,
        [6, 5, 0],
        Positions: [0, 1, 0, 1, 2, 2, /**/ 10, 11, 3, 0, 1, -1, /**/ 9, 9, 9, 9, 9, 9],
        Segments: [4, 4, 7, 7, 7, 4, /**/ 0, 0, 1, 2, 2, 0, /**/ 0, 0, 0, 0, 0, 0]);

    public static readonly Block[] All =
    [
        Lengths,
        new(3, [0, 0]),
        new(5, [5, 5], Positions: [0, 1, 2, 3, 4, 100, 101, 102, 103, 104]),
        new(5, [5, 3], Segments: [1, 1, 1, 2, 2, 5, 6, 6, 6, 6]),
        Packed,
    ];
}
