using System;
using System.ComponentModel;
using System.Globalization;

namespace AttnDsl.Runtime;

/// <summary>
/// Lengths and segments of a cache's rows, and the protocol that all caches share: extend, append every stream, commit. It holds no values; the caches of the backends hold them beside it.
/// Nothing of a step counts before the commit. Of a ring it forgets no token: it says which ones a step sees, so that any row can be cut to any length. Not thread-safe.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class CacheRows
{
    private readonly int[] _lengths;
    private readonly int[][] _segments;
    private readonly int[][] _positions;
    private readonly bool[] _appended;

    // Of the open extension.
    private readonly int[] _evicted;
    private TokenRows? _extended;
    private bool _hasSegments;
    private bool _hasPositions;

    /// <summary>Rows without tokens.</summary>
    /// <param name="batch">Rows, at least 1.</param>
    /// <param name="streams">Streams that every step appends, at least 1.</param>
    /// <param name="ring">What a step sees of earlier tokens; null: all of them.</param>
    /// <exception cref="ArgumentOutOfRangeException">A count is below 1, or there is no such ring.</exception>
    public CacheRows(int batch, int streams, CacheRing? ring = null)
    {
        ring?.Check(nameof(ring));
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(streams, 1);
        Batch = batch;
        Ring = ring;
        _evicted = new int[batch];
        _lengths = new int[batch];
        _segments = new int[batch][];
        Array.Fill(_segments, []);
        _positions = new int[batch][];
        Array.Fill(_positions, []);
        _appended = new bool[streams];
    }

    /// <summary>Rows B.</summary>
    public int Batch { get; }

    /// <summary>Cached tokens of a row.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such row.</exception>
    public int Length(int row) => _lengths[Checked(row)];

    /// <summary>What a step sees of earlier tokens; null: all of them.</summary>
    public CacheRing? Ring { get; }

    /// <summary>Cached tokens of a row that are sinks or recent; all of them without a ring.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such row.</exception>
    public int Held(int row) => Length(row) - Dropped(row);

    /// <summary>Cached tokens of a row between its sinks and its recent ones; they follow the first <see cref="CacheRing.Sinks"/> tokens.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such row.</exception>
    public int Dropped(int row) => Ring is { } ring ? Math.Max(0, Length(row) - ring.Sinks - ring.Recent) : 0;

    /// <summary>Cached tokens of a row that the open extension does not see; they follow the first <see cref="CacheRing.Sinks"/> tokens.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such row.</exception>
    public int Evicted(int row) => _evicted[Checked(row)];

    /// <summary><see cref="Held"/> tokens of the row that holds most.</summary>
    public int Longest
    {
        get
        {
            int longest = 0;
            for (int row = 0; row < Batch; row++)
            {
                longest = Math.Max(longest, Held(row));
            }

            return longest;
        }
    }

    /// <summary>
    /// The same new tokens, seen over cached and new keys: <see cref="TokenRows.Past"/> is <see cref="Length"/>, less what a ring lets go of. If cached tokens came with segments and the new ones have none,
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
        var evicted = new int[Batch];
        var seen = new int[Batch];
        for (int row = 0; row < Batch; row++)
        {
            ArrayLength.Of(nameof(block), (long)_lengths[row] + block.Count(row));
            evicted[row] = Unseen(_lengths[row], block.Count(row));
            seen[row] = _lengths[row] - evicted[row];
            keys = Math.Max(keys, seen[row] + block.Count(row));
        }

        bool segmented = _hasSegments || block.HasQuerySegments;
        int[]? querySegments = segmented ? QuerySegments(block) : null;
        int[]? keySegments = segmented ? KeySegments(block, querySegments!, keys, seen, evicted) : null;
        int[]? keyPositions = _hasPositions || block.HasPositions ? KeyPositions(block, keys) : null;
        TokenRows extended = block.Behind(keys, seen, querySegments, keySegments, Ring is null ? null : evicted, keyPositions);
        Abandon();
        evicted.CopyTo(_evicted, 0);
        _extended = extended;
        return extended;
    }

    /// <summary>Notes that a stream's values of the open extension are there.</summary>
    /// <param name="stream">Number of the stream.</param>
    public void Append(int stream) => _appended[stream] = true;

    /// <summary>Refuses rows that are not the open extension.</summary>
    /// <param name="extended">What <see cref="Extend"/> last returned.</param>
    /// <exception cref="ArgumentException">They are others.</exception>
    public void CheckExtended(TokenRows extended)
    {
        ArgumentNullException.ThrowIfNull(extended);
        if (!ReferenceEquals(extended, _extended))
        {
            throw new ArgumentException("extended: expected the rows that Extend last returned, with nothing committed, truncated or reset since", nameof(extended));
        }
    }

    /// <summary>Every row grows by its <see cref="TokenRows.Count"/>.</summary>
    /// <param name="extended">What <see cref="Extend"/> last returned.</param>
    /// <param name="streamName">Name of a stream, for the message.</param>
    /// <exception cref="ArgumentException">The rows are not the open extension.</exception>
    /// <exception cref="InvalidOperationException">A stream has not been appended.</exception>
    public void Commit(TokenRows extended, Func<int, string> streamName)
    {
        ArgumentNullException.ThrowIfNull(streamName);
        CheckExtended(extended);
        for (int s = 0; s < _appended.Length; s++)
        {
            if (!_appended[s])
            {
                throw new InvalidOperationException($"stream '{streamName(s)}' has not been appended since the cache was extended");
            }
        }

        bool segmented = _hasSegments || extended.HasQuerySegments;
        bool placed = _hasPositions || extended.HasPositions;

        // Reserved for all rows before anything changes, so that running out of memory leaves the cache as it was.
        for (int row = 0; row < Batch; row++)
        {
            Reserve(ref _segments[row], segmented ? _lengths[row] + extended.Count(row) : 0);
            Reserve(ref _positions[row], placed ? _lengths[row] + extended.Count(row) : 0);
        }

        for (int row = 0; row < Batch; row++)
        {
            for (int token = 0; segmented && token < extended.Count(row); token++)
            {
                _segments[row][_lengths[row] + token] = extended.QuerySegment(row, token);
            }

            // Tokens that were cached before the first ids came sit at their places.
            for (int key = _hasPositions ? _lengths[row] : 0; placed && key < _lengths[row] + extended.Count(row); key++)
            {
                _positions[row][key] = extended.KeyPosition(row, key);
            }

            _lengths[row] += extended.Count(row);
        }

        _hasSegments = segmented;
        _hasPositions = placed;
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
        Array.Fill(_positions, []);
        _hasSegments = false;
        _hasPositions = false;
        Abandon();
    }

    // Doubling keeps token-by-token growth linear.
    private static void Reserve(ref int[] segments, int needed)
    {
        if (segments.Length < needed)
        {
            Array.Resize(ref segments, (int)Math.Min(Array.MaxLength, Math.Max(needed, 2L * segments.Length)));
        }
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

    /// <summary>Tokens of a row of so many that so many new ones do not see.</summary>
    private int Unseen(int length, int added)
    {
        if (Ring is not { } ring)
        {
            return 0;
        }

        bool makesRoom = ring.Evict == RingEviction.RoomBefore && added <= ring.Recent;
        return Math.Max(0, length - ring.Sinks - (makesRoom ? ring.Recent - added : ring.Recent));
    }

    private int[] KeySegments(TokenRows block, int[] querySegments, int keys, int[] seen, int[] evicted)
    {
        var segments = new int[ArrayLength.Of(nameof(block), Batch, keys)];
        for (int row = 0; row < Batch; row++)
        {
            Span<int> all = segments.AsSpan(row * keys, keys);
            for (int key = 0; key < seen[row]; key++)
            {
                all[key] = CachedSegment(row, key < Ring?.Sinks ? key : key + evicted[row]);
            }

            querySegments.AsSpan(row * block.Tokens, block.Count(row)).CopyTo(all[seen[row]..]);
        }

        return segments;
    }

    private int[] KeyPositions(TokenRows block, int keys)
    {
        var positions = new int[ArrayLength.Of(nameof(block), Batch, keys)];
        for (int row = 0; row < Batch; row++)
        {
            for (int key = 0; key < _lengths[row] + block.Count(row); key++)
            {
                int token = key - _lengths[row];
                positions[(row * keys) + key] = token >= 0 ? (block.HasPositions ? block.Position(row, token) : key)
                    : _hasPositions ? _positions[row][key]
                    : key;
            }
        }

        return positions;
    }

    // Tokens that were cached before the first segments came have id 0; a truncated row may have left others behind, which are overwritten before they count.
    private int CachedSegment(int row, int key) => key < _segments[row].Length ? _segments[row][key] : 0;

    private void Abandon()
    {
        Array.Clear(_appended);
        _extended = null;
    }

    private int Checked(int row) => (uint)row < (uint)Batch
        ? row
        : throw new ArgumentOutOfRangeException(nameof(row), row, string.Create(CultureInfo.InvariantCulture, $"row: expected 0 to {Batch - 1}, got {row}"));
}
