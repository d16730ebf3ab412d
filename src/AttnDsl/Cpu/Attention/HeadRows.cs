using System;
using System.Globalization;

namespace AttnDsl.Cpu;

/// <summary>
/// Head vectors [row, token, head, channel] anywhere in memory, channels next to each other: a dense block, or a cache in another order, read without a copy.
/// </summary>
/// <typeparam name="T"><see cref="float"/>, or <see cref="ushort"/> for bfloat16 bits, which are widened as they are read.</typeparam>
public readonly ref struct HeadRows<T>
    where T : unmanaged
{
    /// <summary>Vectors at row · rowStride + token · tokenStride + head · headStride.</summary>
    /// <param name="values">Memory.</param>
    /// <param name="rowStride">Elements from one batch row to the next; 0 shares one row.</param>
    /// <param name="tokenStride">Elements from one token to the next.</param>
    /// <param name="headStride">Elements from one head to the next.</param>
    public HeadRows(ReadOnlySpan<T> values, long rowStride, long tokenStride, long headStride)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rowStride);
        ArgumentOutOfRangeException.ThrowIfNegative(tokenStride);
        ArgumentOutOfRangeException.ThrowIfNegative(headStride);
        Values = values;
        RowStride = rowStride;
        TokenStride = tokenStride;
        HeadStride = headStride;
    }

    /// <summary>Memory.</summary>
    public ReadOnlySpan<T> Values { get; }

    /// <summary>Elements from one batch row to the next.</summary>
    public long RowStride { get; }

    /// <summary>Elements from one token to the next.</summary>
    public long TokenStride { get; }

    /// <summary>Elements from one head to the next.</summary>
    public long HeadStride { get; }

    /// <summary>A dense block [rows, tokens, heads, width].</summary>
    public static HeadRows<T> Dense(ReadOnlySpan<T> values, int tokens, int heads, int width) =>
        new(values, (long)tokens * heads * width, (long)heads * width, width);

    /// <summary>Throws unless every vector of the extents lies in memory.</summary>
    internal void Check(string parameter, int rows, int tokens, int heads, int width)
    {
        if (typeof(T) != typeof(float) && typeof(T) != typeof(ushort))
        {
            throw new NotSupportedException($"{parameter}: expected float, or ushort for bfloat16 bits, got {typeof(T).Name}");
        }

        long needed = ((rows - 1) * RowStride) + ((tokens - 1) * TokenStride) + ((heads - 1) * HeadStride) + width;
        if (rows > 0 && tokens > 0 && Values.Length < needed)
        {
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{parameter}: expected [{rows}, {tokens}, {heads}, {width}] with strides {RowStride}, {TokenStride}, {HeadStride}, which is {needed} elements, got {Values.Length}"),
                parameter);
        }
    }
}
