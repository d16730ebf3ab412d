using System.Diagnostics.CodeAnalysis;

namespace AttnDsl;

/// <summary>Gradients of a loss with respect to an attention core's inputs, each of its input's shape.</summary>
/// <typeparam name="T">Scalar type.</typeparam>
/// <param name="Query">[B, T, queryHeads, keyWidth].</param>
/// <param name="Key">[B, S, keyHeads, keyWidth].</param>
/// <param name="Value">[B, S, valueHeads, valueWidth].</param>
[SuppressMessage("Performance", "CA1819:Properties should not return arrays", Justification = "The arrays are fresh results that the caller owns.")]
public readonly record struct CoreGradients<T>(T[] Query, T[] Key, T[] Value);
