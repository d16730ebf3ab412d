using System;
using System.Globalization;

using AttnDsl.Runtime;

namespace AttnDsl;

/// <summary>
/// Which tokens of a padded [B, T] block are real, where they sit, and which segment they belong to, over S keys. Immutable, but for what <see cref="KvCache.Extend(TokenRows)"/> returns: that holds until the cache is extended again.
/// </summary>
/// <remarks>Padding is always at the end of a row: the real tokens of row b are 0 … <see cref="Count"/>(b) − 1, its visible keys 0 … <see cref="KeyCount"/>(b) − 1.</remarks>
public sealed class TokenRows
{
    private readonly int[] _pasts;
    private readonly int[] _keyCounts;
    private int[] _counts;
    private int[]? _positions;
    private int[]? _querySegments;
    private int[]? _keySegments;
    private int _keySegmentStride;

    // Position ids of cached and new tokens; null: a key's place is its position.
    private int[]? _keyPositions;
    private int _keyPositionStride;
    private int _sinks;

    // Tokens that a ring has let go of, which places among the keys do not count but positions do.
    private int[]? _evicted;

    private TokenRows(int tokens, int keys, int[] counts, int[] pasts, int[] keyCounts, int[]? positions, int[]? querySegments, int[]? keySegments)
    {
        Batch = counts.Length;
        Tokens = tokens;
        Keys = keys;
        _counts = counts;
        _pasts = pasts;
        _keyCounts = keyCounts;
        _positions = positions;
        _querySegments = querySegments;
        _keySegments = keySegments;
        _keySegmentStride = keys;
        IsRagged = positions is not null || querySegments is not null || keySegments is not null || Array.Exists(counts, count => count < tokens);
    }

    /// <summary>Rows B.</summary>
    public int Batch { get; }

    /// <summary>New tokens T of a row, padding included.</summary>
    public int Tokens { get; private set; }

    /// <summary>Keys S of a row, padding included.</summary>
    public int Keys { get; private set; }

    /// <summary>Whether any row is shorter than <see cref="Tokens"/>, or position ids or segments were given (for these tokens or for cached ones). Rows with different pasts alone are not ragged.</summary>
    public bool IsRagged { get; private set; }

    /// <summary>Whether the block is one that stands alone: queries and keys are the same tokens.</summary>
    internal bool IsSelfContained { get; private init; }

    /// <summary>Whether segments were given for the new tokens.</summary>
    internal bool HasQuerySegments => _querySegments is not null;

    /// <summary>Whether position ids were given for the new tokens.</summary>
    internal bool HasPositions => _positions is not null;

    /// <summary>Whether any key or query can carry a segment other than 0.</summary>
    internal bool HasSegments => _keySegments is not null || _querySegments is not null;

    /// <summary>Rows of equal length that see themselves: T keys, no past.</summary>
    /// <param name="batch">Rows, at least 1.</param>
    /// <param name="tokens">Tokens per row, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A count is below 1.</exception>
    public static TokenRows Uniform(int batch, int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        int[] counts = Filled(batch, tokens);
        return new TokenRows(tokens, tokens, counts, new int[batch], counts, null, null, null) { IsSelfContained = true };
    }

    /// <summary>Rows of unequal length that see themselves, with position ids and segments where they are given.</summary>
    /// <param name="lengths">Real tokens per row, each from 0 to <paramref name="tokens"/>; its length is the batch.</param>
    /// <param name="tokens">Tokens per row, padding included, at least 1.</param>
    /// <param name="positions">[B·T] position ids, what rotary embeddings turn by; none: a token's place in its row. Masks go by places, not by position ids.</param>
    /// <param name="segments">[B·T] segment ids; tokens see each other only within equal ids. None: all 0. Ids of padding are not read.</param>
    /// <exception cref="ArgumentException">A length is out of range, or a list has not B·T entries.</exception>
    public static TokenRows Ragged(ReadOnlySpan<int> lengths, int tokens, ReadOnlySpan<int> positions = default, ReadOnlySpan<int> segments = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        if (lengths.IsEmpty)
        {
            throw new ArgumentException("lengths: expected one length per row, at least one row, got none", nameof(lengths));
        }

        for (int row = 0; row < lengths.Length; row++)
        {
            if (lengths[row] < 0 || lengths[row] > tokens)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(lengths),
                    lengths[row],
                    string.Create(CultureInfo.InvariantCulture, $"lengths: row {row} must have 0 to {tokens} tokens, got {lengths[row]}"));
            }
        }

        if (!positions.IsEmpty)
        {
            Check.Length(nameof(positions), positions.Length, lengths.Length, tokens);
        }

        if (!segments.IsEmpty)
        {
            Check.Length(nameof(segments), segments.Length, lengths.Length, tokens);
        }

        int[] counts = lengths.ToArray();
        int[]? ids = segments.IsEmpty ? null : segments.ToArray();
        return new TokenRows(tokens, tokens, counts, new int[counts.Length], counts, positions.IsEmpty ? null : positions.ToArray(), ids, ids) { IsSelfContained = true };
    }

    /// <summary>T queries over S keys, as an attention core sees them.</summary>
    /// <param name="batch">Rows, at least 1.</param>
    /// <param name="queries">Queries per row, at least 1.</param>
    /// <param name="keys">Keys per row, at least 1.</param>
    /// <param name="align">
    /// Where the diagonal lies: with bottom-right <see cref="Past"/> = keys − queries, which is negative when there are more queries than keys (the first of them then see nothing under a causal mask);
    /// with top-left it is 0.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">A count is below 1, or the alignment is none of the two.</exception>
    public static TokenRows Core(int batch, int queries, int keys, CausalAlign align = CausalAlign.BottomRight)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(queries, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(keys, 1);
        int past = align switch
        {
            CausalAlign.BottomRight => keys - queries,
            CausalAlign.TopLeft => 0,
            _ => throw new ArgumentOutOfRangeException(nameof(align), align, "align: expected BottomRight or TopLeft"),
        };
        return new TokenRows(queries, keys, Filled(batch, queries), Filled(batch, past), Filled(batch, keys), null, null, null)
        {
            IsSelfContained = queries == keys,
        };
    }

    /// <summary>Real new tokens of a row, at most <see cref="Tokens"/>.</summary>
    /// <param name="row">Row, from 0.</param>
    public int Count(int row) => _counts[Checked(row)];

    /// <summary>Visible keys of a row, at most <see cref="Keys"/>: cached and new ones.</summary>
    /// <param name="row">Row, from 0.</param>
    public int KeyCount(int row) => _keyCounts[Checked(row)];

    /// <summary>Place of the row's first new token among its keys.</summary>
    /// <param name="row">Row, from 0.</param>
    public int Past(int row) => _pasts[Checked(row)];

    /// <summary>Position id of a new token: the one that was given, else the number of tokens before it, which is <see cref="Past"/> + <paramref name="token"/> unless a ring has let go of some.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <param name="token">New token, from 0.</param>
    public int Position(int row, int token)
    {
        CheckIndex(row, token, Tokens, nameof(token));
        return _positions is null ? _pasts[row] + token + (_evicted is null ? 0 : _evicted[row]) : _positions[((long)row * Tokens) + token];
    }

    /// <summary>Position id of a key: the one that was given when it was new, else the number of tokens before it.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <param name="key">Key, from 0: cached ones first.</param>
    public int KeyPosition(int row, int key)
    {
        CheckIndex(row, key, Keys, nameof(key));
        return _keyPositions is not null ? _keyPositions[((long)row * _keyPositionStride) + key]
            : _positions is not null && IsSelfContained ? _positions[((long)row * Tokens) + key]
            : _evicted is null || key < _sinks ? key
            : key + _evicted[row];
    }

    /// <summary>Segment id of a new token; 0 when no segments were given.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <param name="token">New token, from 0.</param>
    public int QuerySegment(int row, int token)
    {
        CheckIndex(row, token, Tokens, nameof(token));
        return _querySegments is null ? 0 : _querySegments[((long)row * Tokens) + token];
    }

    /// <summary>Segment id of a key; 0 when no segments were given.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <param name="key">Key, from 0: cached ones first.</param>
    public int KeySegment(int row, int key)
    {
        CheckIndex(row, key, Keys, nameof(key));
        return _keySegments is null ? 0 : _keySegments[((long)row * _keySegmentStride) + key];
    }

    /// <summary>The same new tokens behind cached ones.</summary>
    /// <param name="keys">Keys per row, padding included.</param>
    /// <param name="pasts">Cached tokens per row.</param>
    /// <param name="querySegments">[B·T] segment ids of the new tokens, or null.</param>
    /// <param name="keySegments">[B·S] segment ids of all keys, or null.</param>
    /// <param name="evicted">Tokens of each row that are no longer among the keys, or null.</param>
    /// <param name="keyPositions">[B·S] position ids of all keys, or null.</param>
    internal TokenRows Behind(int keys, int[] pasts, int[]? querySegments, int[]? keySegments, int[]? evicted = null, int[]? keyPositions = null)
    {
        var keyCounts = new int[Batch];
        for (int row = 0; row < Batch; row++)
        {
            keyCounts[row] = pasts[row] + _counts[row];
        }

        return new TokenRows(Tokens, keys, _counts, pasts, keyCounts, _positions, querySegments, keySegments) { _evicted = evicted, _keyPositions = keyPositions, _keyPositionStride = keys };
    }

    /// <summary>Rows without tokens, for <see cref="Become"/>.</summary>
    internal static TokenRows Blank(int batch) => new(0, 0, new int[batch], new int[batch], new int[batch], null, null, null);

    /// <summary>Turns these rows into the same new tokens behind cached ones, as <see cref="Behind"/> does, without allocating.</summary>
    /// <param name="block">The new tokens alone.</param>
    /// <param name="keys">Keys per row, padding included.</param>
    /// <param name="pasts">Cached tokens per row.</param>
    /// <param name="querySegments">Segment ids of the new tokens, [B, T] from the start of the array, or null.</param>
    /// <param name="keySegments">Segment ids of all keys, [B, <paramref name="keySegmentStride"/>], or null.</param>
    /// <param name="keySegmentStride">Entries per row, at least <paramref name="keys"/>.</param>
    /// <param name="keyPositions">Position ids of all keys, [B, <paramref name="keyPositionStride"/>], or null.</param>
    /// <param name="keyPositionStride">Entries per row, at least <paramref name="keys"/>.</param>
    /// <param name="evicted">Tokens of each row that are no longer among the keys, or null.</param>
    /// <param name="sinks">First keys of a row, before which no token has gone.</param>
    internal void Become(
        TokenRows block, int keys, ReadOnlySpan<int> pasts, int[]? querySegments, int[]? keySegments, int keySegmentStride, int[]? keyPositions, int keyPositionStride, int[]? evicted = null, int sinks = 0)
    {
        _evicted = evicted;
        _sinks = sinks;
        _keyPositions = keyPositions;
        _keyPositionStride = keyPositionStride;
        Tokens = block.Tokens;
        Keys = keys;
        _counts = block._counts;
        _positions = block._positions;
        _querySegments = querySegments;
        _keySegments = keySegments;
        _keySegmentStride = keySegmentStride;
        IsRagged = block.IsRagged || querySegments is not null || keySegments is not null;
        for (int row = 0; row < Batch; row++)
        {
            _pasts[row] = pasts[row];
            _keyCounts[row] = pasts[row] + _counts[row];
        }
    }

    /// <summary>Whether these are the same new tokens: as many in every row, with the same position ids and segments.</summary>
    internal bool IsSameAs(TokenRows other) => ReferenceEquals(this, other)
        || (Tokens == other.Tokens && _counts.AsSpan().SequenceEqual(other._counts) && AreSame(_positions, other._positions) && AreSame(_querySegments, other._querySegments));

    private static bool AreSame(int[]? a, int[]? b) => a is null ? b is null : b is not null && a.AsSpan().SequenceEqual(b);

    private static int[] Filled(int length, int value)
    {
        var array = new int[length];
        Array.Fill(array, value);
        return array;
    }

    private void CheckIndex(int row, int index, int limit, string parameter)
    {
        Checked(row);
        if ((uint)index >= (uint)limit)
        {
            throw new ArgumentOutOfRangeException(parameter, index, string.Create(CultureInfo.InvariantCulture, $"{parameter}: expected 0 to {limit - 1}, got {index}"));
        }
    }

    private int Checked(int row) => (uint)row < (uint)Batch
        ? row
        : throw new ArgumentOutOfRangeException(nameof(row), row, string.Create(CultureInfo.InvariantCulture, $"row: expected 0 to {Batch - 1}, got {row}"));
}
