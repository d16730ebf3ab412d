using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;

using AttnDsl.Cpu;
using AttnDsl.Runtime;

namespace AttnDsl;

/// <summary>
/// What a layer keeps of earlier tokens: contiguous, [B, heads, capacity, width] per stream, rows of unequal length, stored as float32 or bfloat16. The batch is fixed. Not thread-safe.
/// </summary>
/// <remarks>
/// One step is <see cref="Extend(TokenRows)"/>, then <see cref="Append"/> once for every stream, then attention over <see cref="View{T}"/>, then <see cref="Commit"/>. Nothing of the step counts before the commit,
/// so an abandoned step leaves no trace. Steps without room problems allocate nothing.
/// <para>A cache of fixed capacity refuses to be extended past it; the other kind doubles its capacity, which copies what it holds.</para>
/// </remarks>
public class KvCache
{
    private const int FirstCapacity = 16;

    private readonly ImmutableArray<CacheStream> _streams;
    private readonly KvStore[] _stores;
    private readonly bool[] _appended;
    private readonly int[] _lengths;
    private readonly TokenRows _extended;
    private readonly TokenRows _oneToken;
    private bool _isExtended;

    // Segment ids [B, capacity] of cached and new tokens, once there are any; those of the new tokens again as [B, T].
    private int[]? _segments;
    private int[] _querySegments = [];
    private bool _hasSegments;

    /// <summary>An empty cache.</summary>
    /// <param name="batch">Rows B, at least 1.</param>
    /// <param name="element">How scalars are stored.</param>
    /// <param name="capacity">Tokens per row at most, at least 1, reserved at once; null: grows as needed.</param>
    /// <param name="streams">What is kept per token, at least one stream.</param>
    /// <exception cref="ArgumentException">No row, no such element, no room, no stream, a stream without heads or width, or a stream too large for one block.</exception>
    public KvCache(int batch, CacheElement element, int? capacity, params ReadOnlySpan<CacheStream> streams)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        if (element is not (CacheElement.Float32 or CacheElement.BFloat16))
        {
            throw new ArgumentOutOfRangeException(nameof(element), element, "element: expected Float32 or BFloat16");
        }

        if (capacity < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(capacity), capacity, string.Create(CultureInfo.InvariantCulture, $"capacity: expected at least 1 token per row, got {capacity}"));
        }

        if (streams.IsEmpty)
        {
            throw new ArgumentException("streams: expected at least one stream, got none", nameof(streams));
        }

        _stores = new KvStore[streams.Length];
        for (int s = 0; s < streams.Length; s++)
        {
            CacheStream stream = streams[s];
            if (stream.Heads < 1 || stream.Width < 1)
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"streams: '{stream.Name}' must have at least 1 head of width 1, got {stream.Heads} of width {stream.Width}"),
                    nameof(streams));
            }

            _stores[s] = element == CacheElement.Float32 ? new SingleStore(batch, stream) : new BFloat16Store(batch, stream);
            ScalarsPerToken += stream.ScalarsPerToken;
        }

        Batch = batch;
        Element = element;
        IsGrowing = capacity is null;
        _streams = [.. streams];
        _appended = new bool[streams.Length];
        _lengths = new int[batch];
        _extended = TokenRows.Blank(batch);
        _oneToken = TokenRows.Uniform(batch, 1);
        if (capacity is { } fixedCapacity)
        {
            GrowTo(fixedCapacity);
        }
    }

    /// <summary>Rows B.</summary>
    public int Batch { get; }

    /// <summary>How scalars are stored.</summary>
    public CacheElement Element { get; }

    /// <summary>Whether the capacity grows as needed.</summary>
    public bool IsGrowing { get; }

    /// <summary>Tokens that every row has room for.</summary>
    public int Capacity { get; private set; }

    /// <summary>Scalars kept per token, all streams together.</summary>
    public long ScalarsPerToken { get; }

    /// <summary>Bytes of storage held now, used or not.</summary>
    public long Bytes
    {
        get
        {
            long bytes = 0;
            foreach (KvStore store in _stores)
            {
                bytes += store.Bytes;
            }

            return bytes;
        }
    }

    /// <summary>What is kept, in the order of the stream numbers.</summary>
    public IReadOnlyList<CacheStream> Streams => _streams;

    /// <summary>Cached tokens of a row.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such row.</exception>
    public int Length(int row) => _lengths[Checked(row)];

    /// <summary>Makes room for <paramref name="tokens"/> more tokens in every row, so that appending them allocates nothing.</summary>
    /// <param name="tokens">Tokens per row, not negative.</param>
    /// <exception cref="ArgumentException">The capacity is fixed and a row has not that much room, or no block can be that large.</exception>
    public void Reserve(int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        int needed = 0;
        for (int row = 0; row < Batch; row++)
        {
            needed = Math.Max(needed, Needed(nameof(tokens), row, tokens));
        }

        if (needed > Capacity)
        {
            GrowTo(needed);
        }
    }

    /// <summary>
    /// The new tokens of a step, seen over cached and new keys: <see cref="TokenRows.Past"/> is <see cref="Length"/>. Nothing is written. If cached tokens came with segments and the new ones have none,
    /// the new ones go on with the segment of their row's last cached token. What is returned belongs to the cache and holds until it is extended again.
    /// </summary>
    /// <param name="block">Rows of the new tokens alone.</param>
    /// <exception cref="ArgumentException">Another batch, rows that already lie over other keys, or more tokens than a fixed capacity leaves room for.</exception>
    public TokenRows Extend(TokenRows block)
    {
        ArgumentNullException.ThrowIfNull(block);
        return Extend(block, nameof(block));
    }

    /// <summary><see cref="Extend(TokenRows)"/> by one token in every row: a step of decoding.</summary>
    /// <exception cref="ArgumentException">A fixed capacity is used up; the parameter is the "cache" of a decoding call.</exception>
    public TokenRows Extend() => Extend(_oneToken, "cache");

    /// <summary>Adds one stream's values of the new tokens behind the cached ones; they count once <see cref="Commit"/> is called.</summary>
    /// <param name="stream">Number of the stream.</param>
    /// <param name="values">[B, T, heads, width] of the new tokens; padding is not kept.</param>
    /// <param name="extended">What <see cref="Extend(TokenRows)"/> returned.</param>
    /// <exception cref="ArgumentException">No such stream, a wrong length, or rows that are not an extension of this cache that is still open.</exception>
    public void Append(int stream, ReadOnlySpan<float> values, TokenRows extended)
    {
        CheckStream(stream);
        CheckExtended(extended);
        CacheStream shape = _streams[stream];
        Check.Length(nameof(values), values.Length, Batch, extended.Tokens, shape.Heads, shape.Width);
        int size = shape.Heads * shape.Width;
        for (int row = 0; row < Batch; row++)
        {
            int count = extended.Count(row);
            if (count > 0)
            {
                _stores[stream].Write(row, _lengths[row], count, values.Slice(row * extended.Tokens * size, count * size));
            }
        }

        _appended[stream] = true;
    }

    /// <summary>Makes the appended tokens part of the cache: every row grows by its <see cref="TokenRows.Count"/>.</summary>
    /// <param name="extended">What <see cref="Extend(TokenRows)"/> returned.</param>
    /// <exception cref="ArgumentException">The rows are not an extension of this cache that is still open.</exception>
    /// <exception cref="InvalidOperationException">A stream has not been appended.</exception>
    public void Commit(TokenRows extended)
    {
        CheckExtended(extended);
        for (int s = 0; s < _appended.Length; s++)
        {
            if (!_appended[s])
            {
                throw new InvalidOperationException($"stream '{_streams[s].Name}' has not been appended since the cache was extended");
            }
        }

        for (int row = 0; row < Batch; row++)
        {
            _lengths[row] += extended.Count(row);
        }

        _hasSegments |= extended.HasQuerySegments;
        _isExtended = false;
    }

    /// <summary>
    /// A stream's storage [B, capacity, heads, width], for attention over the first <see cref="TokenRows.KeyCount"/> tokens of each row: cached and appended ones. What lies behind them is undefined.
    /// It holds until the cache grows.
    /// </summary>
    /// <typeparam name="T"><see cref="float"/> for <see cref="CacheElement.Float32"/>, <see cref="ushort"/> for <see cref="CacheElement.BFloat16"/>.</typeparam>
    /// <param name="stream">Number of the stream.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such stream.</exception>
    /// <exception cref="InvalidOperationException">The cache does not store <typeparamref name="T"/>.</exception>
    public HeadRows<T> View<T>(int stream)
        where T : unmanaged
    {
        CheckStream(stream);
        return _stores[stream] is KvStore<T> store
            ? store.View
            : throw new InvalidOperationException($"the cache stores {(Element == CacheElement.Float32 ? "float" : "ushort bits of bfloat16")}, not {typeof(T).Name}");
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
        _isExtended = false;
    }

    /// <summary>Forgets all tokens of all rows; the storage stays.</summary>
    public void Reset()
    {
        Array.Clear(_lengths);
        _hasSegments = false;
        _isExtended = false;
    }

    /// <summary>A dense copy of one stream, [B, longest row, heads, width]; padding is 0.</summary>
    /// <param name="stream">Number of the stream.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such stream.</exception>
    public float[] Read(int stream)
    {
        CheckStream(stream);
        int longest = 0;
        foreach (int length in _lengths)
        {
            longest = Math.Max(longest, length);
        }

        int size = _streams[stream].Heads * _streams[stream].Width;
        var dense = new float[ArrayLength.Of(nameof(stream), Batch, longest, size)];
        for (int row = 0; row < Batch; row++)
        {
            for (int token = 0; token < _lengths[row]; token++)
            {
                _stores[stream].Read(row, token, dense.AsSpan(((row * longest) + token) * size, size));
            }
        }

        return dense;
    }

    private TokenRows Extend(TokenRows block, string parameter)
    {
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
            keys = Math.Max(keys, Needed(parameter, row, block.Count(row)));
        }

        if (keys > Capacity)
        {
            GrowTo((int)Math.Max(keys, Math.Max(FirstCapacity, Math.Min(2L * Capacity, MostTokens()))));
        }

        bool segmented = _hasSegments || block.HasQuerySegments;
        if (segmented)
        {
            WriteSegments(block);
        }

        _extended.Become(block, keys, _lengths, segmented ? _querySegments : null, segmented ? _segments : null, Capacity);
        Array.Clear(_appended);
        _isExtended = true;
        return _extended;
    }

    /// <summary>Tokens a row would hold with more of them, if that is possible.</summary>
    private int Needed(string parameter, int row, int tokens)
    {
        long needed = (long)_lengths[row] + tokens;
        if (needed > (IsGrowing ? Array.MaxLength : Capacity))
        {
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{parameter}: row {row} holds {_lengths[row]} tokens of a capacity of {(IsGrowing ? Array.MaxLength : Capacity)} and takes {(IsGrowing ? Array.MaxLength : Capacity) - _lengths[row]} more, got {tokens}"),
                parameter);
        }

        return (int)needed;
    }

    /// <summary>What the largest stream leaves room for: doubling stops there.</summary>
    private long MostTokens()
    {
        long most = Array.MaxLength;
        foreach (CacheStream stream in _streams)
        {
            most = Math.Min(most, (Array.MaxLength - 64) / (Batch * stream.ScalarsPerToken));
        }

        return most;
    }

    private void GrowTo(int capacity)
    {
        // Stores that have grown before a later one fails hold the same tokens; only the common capacity decides.
        foreach (KvStore store in _stores)
        {
            store.Grow(capacity, _lengths);
        }

        if (_segments is not null)
        {
            _segments = Widened(_segments, Capacity, capacity);
        }

        Capacity = capacity;
    }

    private int[] Widened(int[] segments, int from, int to)
    {
        var widened = new int[ArrayLength.Of(nameof(Capacity), Batch, to)];
        for (int row = 0; row < Batch; row++)
        {
            segments.AsSpan(row * from, _lengths[row]).CopyTo(widened.AsSpan(row * to));
        }

        return widened;
    }

    private void WriteSegments(TokenRows block)
    {
        _segments ??= new int[ArrayLength.Of(nameof(block), Batch, Capacity)];
        int tokens = ArrayLength.Of(nameof(block), Batch, block.Tokens);
        if (_querySegments.Length < tokens)
        {
            _querySegments = new int[tokens];
        }

        for (int row = 0; row < Batch; row++)
        {
            Span<int> all = _segments.AsSpan(row * Capacity, Capacity);
            if (!_hasSegments)
            {
                // Tokens that were cached before the first segments came have id 0; an abandoned step may have left others.
                all[.._lengths[row]].Clear();
            }

            int last = _lengths[row] == 0 ? 0 : all[_lengths[row] - 1];
            for (int token = 0; token < block.Tokens; token++)
            {
                int segment = block.HasQuerySegments ? block.QuerySegment(row, token) : last;
                _querySegments[(row * block.Tokens) + token] = segment;
                if (token < block.Count(row))
                {
                    all[_lengths[row] + token] = segment;
                }
            }
        }
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
        if (!_isExtended || !ReferenceEquals(extended, _extended))
        {
            throw new ArgumentException("extended: expected the rows that Extend last returned, with nothing committed, truncated or reset since", nameof(extended));
        }
    }
}
