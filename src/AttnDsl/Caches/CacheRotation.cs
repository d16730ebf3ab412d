using System;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using System.Numerics;

namespace AttnDsl;

/// <summary>
/// How vectors of a stream turn with their position: channel pairs (u, v) by a = tokens · frequency, to (u cos a − v sin a, u sin a + v cos a); channels past the rotary ones stay. It moves what was rotated by its position before
/// to another position. Immutable; equal if it turns alike.
/// </summary>
public sealed class CacheRotation : IEquatable<CacheRotation>
{
    /// <summary>A rotation of the first 2 · frequencies.Length channels.</summary>
    /// <param name="layout">Which channels pair: (i, i + r/2), or (2i, 2i + 1).</param>
    /// <param name="frequencies">Angle per token of each pair.</param>
    /// <exception cref="ArgumentException">No such layout, or no frequency.</exception>
    public CacheRotation(RopeLayout layout, params ReadOnlySpan<double> frequencies)
    {
        if (layout is not (RopeLayout.HalfSplit or RopeLayout.Interleaved))
        {
            throw new ArgumentOutOfRangeException(nameof(layout), layout, "layout: expected HalfSplit or Interleaved");
        }

        if (frequencies.IsEmpty)
        {
            throw new ArgumentException("frequencies: expected at least one, got none", nameof(frequencies));
        }

        Layout = layout;
        Frequencies = [.. frequencies];
    }

    /// <summary>Which channels pair.</summary>
    public RopeLayout Layout { get; }

    /// <summary>Angle per token of each pair.</summary>
    public ImmutableArray<double> Frequencies { get; }

    /// <inheritdoc/>
    public bool Equals(CacheRotation? other) => other is not null && Layout == other.Layout && Frequencies.SequenceEqual(other.Frequencies);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as CacheRotation);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Layout, Frequencies.Length, Frequencies[^1]);

    /// <summary>Throws unless the stream's vectors are wide enough.</summary>
    internal void Check(CacheStream stream)
    {
        if (stream.Width < 2 * Frequencies.Length)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"streams: '{stream.Name}' of {stream.Width} channels cannot turn {Frequencies.Length} pairs of them"), "streams");
        }
    }

    /// <summary>Turns vectors [n, width] by so many tokens, where they are.</summary>
    internal void Turn<T>(Span<T> vectors, int width, int tokens)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        // By nothing is no arithmetic: what is not finite stays what it is.
        for (int pair = 0; pair < Frequencies.Length && tokens != 0; pair++)
        {
            (double sin, double cos) = Math.SinCos(tokens * Frequencies[pair]);
            (T sine, T cosine) = (T.CreateChecked(sin), T.CreateChecked(cos));
            (int first, int second) = Layout == RopeLayout.Interleaved ? (2 * pair, (2 * pair) + 1) : (pair, pair + Frequencies.Length);
            for (int at = 0; at < vectors.Length; at += width)
            {
                (T u, T v) = (vectors[at + first], vectors[at + second]);
                vectors[at + first] = (u * cosine) - (v * sine);
                vectors[at + second] = (u * sine) + (v * cosine);
            }
        }
    }
}
