using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;

using AttnDsl.Runtime;

namespace AttnDsl;

/// <summary>The reference backend's cache: contiguous, growing, rows of unequal length. Not thread-safe.</summary>
/// <remarks>
/// One step is <see cref="Extend"/>, then <see cref="Append"/> once for every stream, then <see cref="Commit"/>. Nothing of the step is visible before the commit, so an abandoned step leaves no trace.
/// </remarks>
/// <typeparam name="T">Scalar type.</typeparam>
public sealed class ReferenceCache<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly ImmutableArray<CacheStream> _streams;
    private readonly T[][][] _values;
    private readonly int[] _lengths;
    private readonly int[][] _segments;
    private readonly TokenRows?[] _appended;
    private TokenRows? _extended;
    private bool _hasSegments;

    /// <summary>An empty cache.</summary>
    /// <param name="batch">Rows, at least 1.</param>
    /// <param name="streams">What is kept per token, at least one stream.</param>
    /// <exception cref="ArgumentException">No row, no stream, or a stream without heads or width.</exception>
    public ReferenceCache(int batch, params ReadOnlySpan<CacheStream> streams)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        if (streams.IsEmpty)
        {
            throw new ArgumentException("streams: expected at least one stream, got none", nameof(streams));
        }

        foreach (CacheStream stream in streams)
        {
            if (stream.Heads < 1 || stream.Width < 1)
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"streams: '{stream.Name}' must have at least 1 head of width 1, got {stream.Heads} of width {stream.Width}"),
                    nameof(streams));
            }
        }

        Batch = batch;
        _streams = [.. streams];
        _values = new T[streams.Length][][];
        for (int s = 0; s < _values.Length; s++)
        {
            _values[s] = new T[batch][];
            Array.Fill(_values[s], []);
            ScalarsPerToken += streams[s].ScalarsPerToken;
        }

        _lengths = new int[batch];
        _segments = new int[batch][];
        Array.Fill(_segments, []);
        _appended = new TokenRows?[streams.Length];
    }

    /// <summary>Rows B.</summary>
    public int Batch { get; }

    /// <summary>Scalars kept per token, all streams together.</summary>
    public long ScalarsPerToken { get; }

    /// <summary>What is kept, in the order of the stream numbers.</summary>
    public IReadOnlyList<CacheStream> Streams => _streams;

    /// <summary>Cached tokens of a row.</summary>
    /// <param name="row">Row, from 0.</param>
    public int Length(int row) => _lengths[Checked(row)];

    /// <summary>
    /// The same new tokens, seen over cached and new keys: <see cref="TokenRows.Past"/> is <see cref="Length"/>. Nothing is written. If cached tokens came with segments and the new ones have none,
    /// the new ones go on with the segment of their row's last cached token.
    /// </summary>
    /// <param name="block">Rows of the new tokens alone.</param>
    /// <exception cref="ArgumentException">Another batch, or rows that already lie over other keys.</exception>
    public TokenRows Extend(TokenRows block)
    {
        ArgumentNullException.ThrowIfNull(block);
        if (block.Batch != Batch)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"block: expected {Batch} rows as in the cache, got {block.Batch}"), nameof(block));
        }

        if (!block.IsSelfContained)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"block: expected the rows of the new tokens alone, got {block.Tokens} tokens over {block.Keys} keys"),
                nameof(block));
        }

        int keys = 0;
        for (int row = 0; row < Batch; row++)
        {
            keys = Math.Max(keys, ArrayLength.Of(nameof(block), (long)_lengths[row] + block.Count(row)));
        }

        bool segmented = _hasSegments || block.HasQuerySegments;
        int[]? querySegments = segmented ? QuerySegments(block) : null;
        int[]? keySegments = segmented ? KeySegments(block, querySegments!, keys) : null;
        TokenRows extended = block.Behind(keys, (int[])_lengths.Clone(), querySegments, keySegments);
        Abandon();
        _extended = extended;
        return extended;
    }

    /// <summary>Adds one stream's values of the new tokens; they count once <see cref="Commit"/> is called.</summary>
    /// <param name="stream">Number of the stream.</param>
    /// <param name="values">[B, T, heads, width] of the new tokens; padding is not kept.</param>
    /// <param name="extended">What <see cref="Extend"/> last returned.</param>
    /// <returns>A dense copy of cached and new values, [B, S, heads, width]; padding is 0.</returns>
    /// <exception cref="ArgumentException">No such stream, a wrong length, or rows that are not the last extension.</exception>
    public T[] Append(int stream, ReadOnlySpan<T> values, TokenRows extended)
    {
        CheckStream(stream);
        CheckExtended(extended);
        CacheStream shape = _streams[stream];
        Check.Length(nameof(values), values.Length, Batch, extended.Tokens, shape.Heads, shape.Width);
        int size = ArrayLength.Of(nameof(stream), shape.Heads, shape.Width);
        ArrayLength.Of(nameof(extended), Batch, extended.Keys, size);

        for (int row = 0; row < Batch; row++)
        {
            int start = _lengths[row] * size;
            int count = extended.Count(row) * size;
            Reserve(ref _values[stream][row], start, start + count);
            values.Slice(row * extended.Tokens * size, count).CopyTo(_values[stream][row].AsSpan(start));
        }

        _appended[stream] = extended;
        return Dense(stream, extended.Keys, extended.KeyCount);
    }

    /// <summary>Makes the appended tokens part of the cache: every row grows by its <see cref="TokenRows.Count"/>.</summary>
    /// <param name="extended">What <see cref="Extend"/> last returned.</param>
    /// <exception cref="ArgumentException">The rows are not the last extension.</exception>
    /// <exception cref="InvalidOperationException">A stream has not been appended.</exception>
    public void Commit(TokenRows extended)
    {
        CheckExtended(extended);
        for (int s = 0; s < _appended.Length; s++)
        {
            if (!ReferenceEquals(_appended[s], extended))
            {
                throw new InvalidOperationException($"stream '{_streams[s].Name}' has not been appended since the cache was extended");
            }
        }

        bool segmented = _hasSegments || extended.HasQuerySegments;
        if (segmented)
        {
            // Reserved for all rows before anything changes, so that running out of memory leaves the cache as it was.
            for (int row = 0; row < Batch; row++)
            {
                Reserve(ref _segments[row], _segments[row].Length, _lengths[row] + extended.Count(row));
            }
        }

        for (int row = 0; row < Batch; row++)
        {
            for (int token = 0; segmented && token < extended.Count(row); token++)
            {
                _segments[row][_lengths[row] + token] = extended.QuerySegment(row, token);
            }

            _lengths[row] += extended.Count(row);
        }

        _hasSegments = segmented;
        Abandon();
    }

    /// <summary>Forgets a row's tokens from <paramref name="length"/> on.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <param name="length">Tokens to keep, from 0 to <see cref="Length"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such row, or more tokens than it has.</exception>
    public void Truncate(int row, int length)
    {
        Checked(row);
        if (length < 0 || length > _lengths[row])
        {
            throw new ArgumentOutOfRangeException(
                nameof(length),
                length,
                string.Create(CultureInfo.InvariantCulture, $"length: row {row} holds {_lengths[row]} tokens and can keep 0 to {_lengths[row]}, got {length}"));
        }

        _lengths[row] = length;
        Abandon();
    }

    /// <summary>Forgets all tokens of all rows.</summary>
    public void Reset()
    {
        Array.Clear(_lengths);
        Array.Fill(_segments, []);
        _hasSegments = false;
        Abandon();
    }

    /// <summary>A dense copy of one stream, [B, longest row, heads, width]; padding is 0.</summary>
    /// <param name="stream">Number of the stream.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such stream.</exception>
    public T[] Read(int stream)
    {
        CheckStream(stream);
        int longest = 0;
        foreach (int length in _lengths)
        {
            longest = Math.Max(longest, length);
        }

        return Dense(stream, longest, Length);
    }

    // Doubling keeps token-by-token growth linear.
    private static void Reserve<TItem>(ref TItem[] array, int kept, int needed)
    {
        if (array.Length >= needed)
        {
            return;
        }

        var grown = new TItem[(int)Math.Min(Array.MaxLength, Math.Max(needed, 2L * array.Length))];
        Array.Copy(array, grown, kept);
        array = grown;
    }

    private T[] Dense(int stream, int tokens, Func<int, int> counts)
    {
        int size = _streams[stream].Heads * _streams[stream].Width;
        var dense = new T[ArrayLength.Of(nameof(stream), Batch, tokens, size)];
        for (int row = 0; row < Batch; row++)
        {
            _values[stream][row].AsSpan(0, counts(row) * size).CopyTo(dense.AsSpan(row * tokens * size));
        }

        return dense;
    }

    private int[] QuerySegments(TokenRows block)
    {
        var segments = new int[ArrayLength.Of(nameof(block), Batch, block.Tokens)];
        for (int row = 0; row < Batch; row++)
        {
            for (int token = 0; token < block.Tokens; token++)
            {
                segments[(row * block.Tokens) + token] = block.HasQuerySegments ? block.QuerySegment(row, token) : _lengths[row] == 0 ? 0 : CachedSegment(row, _lengths[row] - 1);
            }
        }

        return segments;
    }

    private int[] KeySegments(TokenRows block, int[] querySegments, int keys)
    {
        var segments = new int[ArrayLength.Of(nameof(block), Batch, keys)];
        for (int row = 0; row < Batch; row++)
        {
            Span<int> all = segments.AsSpan(row * keys, keys);
            for (int key = 0; key < _lengths[row]; key++)
            {
                all[key] = CachedSegment(row, key);
            }

            querySegments.AsSpan(row * block.Tokens, block.Count(row)).CopyTo(all[_lengths[row]..]);
        }

        return segments;
    }

    // Tokens that were cached before the first segments came have id 0.
    private int CachedSegment(int row, int key) => key < _segments[row].Length ? _segments[row][key] : 0;

    private void Abandon()
    {
        Array.Clear(_appended);
        _extended = null;
    }

    private int Checked(int row) => (uint)row < (uint)Batch
        ? row
        : throw new ArgumentOutOfRangeException(nameof(row), row, string.Create(CultureInfo.InvariantCulture, $"row: expected 0 to {Batch - 1}, got {row}"));

    private void CheckStream(int stream)
    {
        if ((uint)stream >= (uint)_streams.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(stream), stream, string.Create(CultureInfo.InvariantCulture, $"stream: expected 0 to {_streams.Length - 1}, got {stream}"));
        }
    }

    private void CheckExtended(TokenRows extended)
    {
        ArgumentNullException.ThrowIfNull(extended);
        if (!ReferenceEquals(extended, _extended))
        {
            throw new ArgumentException("extended: expected the rows that Extend last returned, with nothing committed, truncated or reset since", nameof(extended));
        }
    }
}
