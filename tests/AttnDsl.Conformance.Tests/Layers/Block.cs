using System;
using System.Linq;

namespace AttnDsl.Conformance.Tests.Layers;

/// <summary>A padded block of tokens as plain numbers, which the oracle reads itself, and as the rows that generated layers take.</summary>
/// <param name="Tokens">Tokens per row, padding included.</param>
/// <param name="Lengths">Real tokens per row.</param>
/// <param name="Positions">[B·T] position ids, or null.</param>
/// <param name="Segments">[B·T] segment ids, or null.</param>
internal sealed record Block(int Tokens, int[] Lengths, int[]? Positions = null, int[]? Segments = null)
{
    public int Batch => Lengths.Length;

    public TokenRows Rows => Positions is null && Segments is null && Lengths.All(length => length == Tokens)
        ? TokenRows.Uniform(Batch, Tokens)
        : TokenRows.Ragged(Lengths, Tokens, Positions, Segments);

    public static Block Uniform(int batch, int tokens) => new(tokens, [.. Enumerable.Repeat(tokens, batch)]);

    /// <summary>Whether an index into [B·T] is a real token.</summary>
    public bool IsReal(int token) => token % Tokens < Lengths[token / Tokens];
}
