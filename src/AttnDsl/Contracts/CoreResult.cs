using System.Diagnostics.CodeAnalysis;

namespace AttnDsl;

/// <summary>What an attention core returns.</summary>
/// <typeparam name="T">Scalar type.</typeparam>
/// <param name="Output">Weighted values, [B, T, scoreHeads, valueWidth]; 0 where a query sees no key.</param>
/// <param name="Lse">Natural logarithm of the sum of the exponentials of a row's visible scores, [B, T, scoreHeads]; without a sink, and −∞ where a query sees no key.</param>
[SuppressMessage("Performance", "CA1819:Properties should not return arrays", Justification = "The arrays are fresh results that the caller owns.")]
public readonly record struct CoreResult<T>(T[] Output, T[] Lse);
