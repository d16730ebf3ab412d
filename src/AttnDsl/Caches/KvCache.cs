using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;

using AttnDsl.Cpu;
using AttnDsl.Runtime;

namespace AttnDsl;

/// <summary>
/// What a layer keeps of earlier tokens: rows of unequal length, stored as float32 or bfloat16, contiguous ([B, heads, capacity, width] per stream) or in pages of a common pool ([pages, heads, pageSize, width]).
/// The batch is fixed. Not thread-safe.
/// </summary>
/// <remarks>
/// One step is <see cref="Extend(TokenRows)"/>, then <see cref="Append"/> once for every stream, then attention over <see cref="View{T}"/>, then <see cref="Commit"/>. Nothing of the step counts before the commit,
/// so an abandoned step leaves no trace. Steps without room problems allocate nothing.
/// <para>A cache of fixed size refuses to be extended past it; the other kind doubles, which copies what it holds.</para>
/// <para>Pages are shared by rows that began alike (<see cref="Fork"/>, <see cref="Reorder"/>, snapshots) and copied when one of them writes. A page is free once nobody holds it; the free page with the lowest number is taken first.</para>
/// </remarks>
public class KvCache
{
    private readonly ImmutableArray<CacheStream> _streams;
    private readonly KvPlacement _placement;
    private readonly CacheSegments _segments;
    private readonly bool[] _appended;
    private readonly int[] _lengths;
    private readonly TokenRows _extended;
    private readonly TokenRows _oneToken;
    private readonly int[] _added;
    private bool _isExtended;

    /// <summary>An empty contiguous cache.</summary>
    /// <param name="batch">Rows B, at least 1.</param>
    /// <param name="element">How scalars are stored.</param>
    /// <param name="capacity">Tokens per row at most, at least 1, reserved at once; null: grows as needed.</param>
    /// <param name="streams">What is kept per token, at least one stream.</param>
    /// <exception cref="ArgumentException">No row, no such element, no room, no stream, a stream without heads or width, or a stream too large for one block.</exception>
    public KvCache(int batch, CacheElement element, int? capacity, params ReadOnlySpan<CacheStream> streams)
        : this(batch, element, streams)
    {
        if (capacity < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(capacity), capacity, string.Create(CultureInfo.InvariantCulture, $"capacity: expected at least 1 token per row, got {capacity}"));
        }

        var stores = new KvStore[streams.Length];
        for (int s = 0; s < stores.Length; s++)
        {
            stores[s] = element == CacheElement.Float32 ? new ContiguousStore<float, SingleElement>(batch, streams[s]) : new ContiguousStore<ushort, BFloat16Element>(batch, streams[s]);
        }

        IsGrowing = capacity is null;
        _placement = new ContiguousPlacement(batch, capacity, stores);
    }

    /// <summary>An empty cache of pages.</summary>
    /// <param name="batch">Rows B, at least 1.</param>
    /// <param name="element">How scalars are stored.</param>
    /// <param name="paging">Size and number of pages.</param>
    /// <param name="streams">What is kept per token, at least one stream.</param>
    /// <exception cref="ArgumentException">No row, no such element, pages without a token, no page, no stream, a stream without heads or width, or a stream too large for one block.</exception>
    public KvCache(int batch, CacheElement element, CachePaging paging, params ReadOnlySpan<CacheStream> streams)
        : this(batch, element, streams)
    {
        if (paging.PageSize < 1 || paging.Pages < 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(paging),
                paging,
                string.Create(CultureInfo.InvariantCulture, $"paging: expected at least 1 page of at least 1 token, got {(paging.Pages is { } pages ? pages : "a growing number")} of {paging.PageSize}"));
        }

        var tables = new PageTables(batch, paging.PageSize);
        var stores = new KvStore[streams.Length];
        for (int s = 0; s < stores.Length; s++)
        {
            stores[s] = element == CacheElement.Float32 ? new PagedStore<float, SingleElement>(tables, streams[s]) : new PagedStore<ushort, BFloat16Element>(tables, streams[s]);
        }

        IsGrowing = paging.Pages is null;
        _placement = new PagedPlacement(tables, batch, paging.Pages, stores);
    }

    private KvCache(int batch, CacheElement element, ReadOnlySpan<CacheStream> streams)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        if (element is not (CacheElement.Float32 or CacheElement.BFloat16))
        {
            throw new ArgumentOutOfRangeException(nameof(element), element, "element: expected Float32 or BFloat16");
        }

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

            ScalarsPerToken += stream.ScalarsPerToken;
        }

        Batch = batch;
        Element = element;
        _placement = null!;
        _streams = [.. streams];
        _segments = new CacheSegments(batch);
        _appended = new bool[streams.Length];
        _lengths = new int[batch];
        _added = new int[batch];
        _extended = TokenRows.Blank(batch);
        _oneToken = TokenRows.Uniform(batch, 1);
    }

    /// <summary>Rows B.</summary>
    public int Batch { get; }

    /// <summary>How scalars are stored.</summary>
    public CacheElement Element { get; }

    /// <summary>Whether the capacity grows as needed.</summary>
    public bool IsGrowing { get; }

    /// <summary>Tokens that every row has room for; of pages, tokens that all rows together have room for.</summary>
    public int Capacity => _placement.Capacity;

    /// <summary>How many pages there are and who holds them; null for a contiguous cache.</summary>
    public CachePages? Pages
    {
        get
        {
            if (Tables is not { } tables)
            {
                return null;
            }

            int entries = 0;
            for (int row = 0; row < Batch; row++)
            {
                entries += tables.Held(row);
            }

            return new CachePages(tables.PageSize, tables.Total, tables.Free, tables.Shared, entries);
        }
    }

    /// <summary>The pages' books; null for a contiguous cache.</summary>
    internal PageTables? Tables => (_placement as PagedPlacement)?.Tables;

    /// <summary>Scalars kept per token, all streams together.</summary>
    public long ScalarsPerToken { get; }

    /// <summary>Bytes of storage held now, used or not.</summary>
    public long Bytes
    {
        get
        {
            long bytes = 0;
            foreach (KvStore store in _placement.Stores)
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

    /// <summary>Makes room for <paramref name="tokens"/> more tokens in every row, so that appending them allocates nothing. The room stays until the row is truncated, forked into or reset.</summary>
    /// <param name="tokens">Tokens per row, not negative.</param>
    /// <exception cref="ArgumentException">The size is fixed and there is not that much room, or no block can be that large.</exception>
    public void Reserve(int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        Array.Fill(_added, tokens);
        _placement.MakeRoom(nameof(tokens), _lengths, _added, kept: true);
        _isExtended = false;
    }

    /// <summary>
    /// The new tokens of a step, seen over cached and new keys: <see cref="TokenRows.Past"/> is <see cref="Length"/>. Nothing is written. If cached tokens came with segments and the new ones have none,
    /// the new ones go on with the segment of their row's last cached token. What is returned belongs to the cache and holds until it is extended again.
    /// </summary>
    /// <param name="block">Rows of the new tokens alone.</param>
    /// <exception cref="ArgumentException">Another batch, rows that already lie over other keys, or more tokens than a fixed size leaves room for.</exception>
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
                _placement.Stores[stream].Write(row, _lengths[row], count, values.Slice(row * extended.Tokens * size, count * size));
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

        _segments.Any |= extended.HasQuerySegments;
        _isExtended = false;
    }

    /// <summary>
    /// A stream's storage, for attention over the first <see cref="TokenRows.KeyCount"/> tokens of each row: cached and appended ones. What lies behind them is undefined.
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
        return _placement.Stores[stream] is KvStore<T> store
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
        _placement.Trim(row, length);
        _isExtended = false;
    }

    /// <summary>Forgets all tokens of all rows; the memory stays.</summary>
    public void Reset()
    {
        for (int row = 0; row < Batch; row++)
        {
            Truncate(row, 0);
        }

        _segments.Any = false;
    }

    /// <summary>Forgets a row's tokens.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such row.</exception>
    public void Reset(int row) => Truncate(row, 0);

    /// <summary>A row becomes what another one is, and both go on by themselves. In pages nothing is copied before one of them writes.</summary>
    /// <param name="from">The row to become, from 0.</param>
    /// <param name="to">Another row, from 0; what it held is forgotten.</param>
    /// <exception cref="ArgumentException">No such row, twice the same row, or a row that has not room for as many tokens.</exception>
    public void Fork(int from, int to)
    {
        Checked(from, nameof(from));
        Checked(to, nameof(to));
        if (from == to)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"to: expected another row than {from}"), nameof(to));
        }

        _placement.Fork(from, to, _lengths[from]);
        _segments.Fork(from, to, _lengths[from]);
        _lengths[to] = _lengths[from];
        _isExtended = false;
    }

    /// <summary>Row b becomes what row <paramref name="rows"/>[b] was, as a beam search needs it; rows may repeat, and those that are not named are forgotten. In pages nothing is copied before a row writes.</summary>
    /// <param name="rows">B rows.</param>
    /// <exception cref="ArgumentException">Not B rows, or no such row.</exception>
    public void Reorder(ReadOnlySpan<int> rows)
    {
        Check.Length(nameof(rows), rows.Length, Batch);
        for (int row = 0; row < Batch; row++)
        {
            Checked(rows[row], nameof(rows));
        }

        for (int row = 0; row < Batch; row++)
        {
            _added[row] = _lengths[rows[row]];
        }

        _placement.Arrange(rows, _added);
        _segments.Arrange(rows, _added);
        _added.CopyTo(_lengths.AsSpan());
        _isExtended = false;
    }

    /// <summary>What the cache holds now, to come back to. Disposing of the snapshot frees what it keeps.</summary>
    public CacheSnapshot Snapshot() => new(this, (int[])_lengths.Clone(), _segments.Keep(_lengths), _placement.Keep(_lengths));

    /// <summary>Comes back to a snapshot, as often as one likes.</summary>
    /// <param name="snapshot">A snapshot of this cache.</param>
    /// <exception cref="ArgumentException">A snapshot of another cache.</exception>
    /// <exception cref="ObjectDisposedException">The snapshot has been disposed of.</exception>
    public void Restore(CacheSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        if (!ReferenceEquals(snapshot.Owner, this))
        {
            throw new ArgumentException("snapshot: expected a snapshot of this cache, got one of another", nameof(snapshot));
        }

        _placement.Restore(snapshot.Kept, snapshot.Lengths);
        _segments.Restore(snapshot.Segments);
        snapshot.Lengths.CopyTo(_lengths.AsSpan());
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
                _placement.Stores[stream].Read(row, token, dense.AsSpan(((row * longest) + token) * size, size));
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
            _added[row] = block.Count(row);
        }

        _placement.MakeRoom(parameter, _lengths, _added, kept: false);
        for (int row = 0; row < Batch; row++)
        {
            keys = Math.Max(keys, _lengths[row] + _added[row]);
        }

        bool segmented = _segments.Any || block.HasQuerySegments;
        if (segmented)
        {
            _segments.Write(block, _lengths, Tables is null ? Capacity : keys);
        }

        _extended.Become(block, keys, _lengths, segmented ? _segments.Query : null, segmented ? _segments.Ids : null, _segments.Stride);
        Array.Clear(_appended);
        _isExtended = true;
        return _extended;
    }

    private int Checked(int row, string parameter = "row") => (uint)row < (uint)Batch
        ? row
        : throw new ArgumentOutOfRangeException(parameter, row, string.Create(CultureInfo.InvariantCulture, $"{parameter}: expected 0 to {Batch - 1}, got {row}"));

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
