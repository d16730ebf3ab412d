using System;
using System.Collections.Generic;
using System.Globalization;

using AttnDsl.Runtime;

namespace AttnDsl;

/// <summary>
/// The caches of all layers of a model as one: it owns the rows' lengths and pages, the layers' caches are views of it. What one does to a row (truncate, fork, reorder, snapshot, reset) happens in all layers at once.
/// The batch is fixed. Not thread-safe.
/// </summary>
/// <remarks>
/// Make the stack, then one cache per layer on it (<c>new MyLayer.Cache(stack)</c>), then run: a step is one block of new tokens through every layer, in any order, and counts when the last layer has taken it.
/// A step that some layers have taken and others will not (an exception, a cancellation) must be given up with <see cref="Abandon"/>; nothing of it stays.
/// </remarks>
/// <example>
/// <code>
/// var stack = new StackCache(batch: 4, new CachePaging(PageSize: 16));
/// MyLayer.Cache[] caches = [new(stack), new(stack)];
/// MyLayer.Cpu.Prefill(weights[0], x, y, caches[0], TokenRows.Uniform(4, 10));
/// MyLayer.Cpu.Prefill(weights[1], y, z, caches[1], TokenRows.Uniform(4, 10));
/// stack.Fork(from: 0, to: 3);
/// </code>
/// </example>
public sealed class StackCache
{
    private readonly List<KvCache> _layers = [];
    private readonly CacheSegments _segments;
    private readonly CacheSegments _positions;
    private readonly int[] _lengths;
    private readonly int[] _added;

    // Of a ring: the cached tokens that the present step attends to, and the others.
    private readonly int[]? _seen;
    private readonly int[]? _evicted;
    private readonly TokenRows _extended;
    private readonly TokenRows _oneToken;
    private TokenRows? _block;
    private long _step;
    private int _taken;
    private bool _isOpen;

    /// <summary>An empty contiguous stack.</summary>
    /// <param name="batch">Rows B, at least 1.</param>
    /// <param name="capacity">Tokens per row at most, at least 1, reserved at once; null: grows as needed.</param>
    /// <exception cref="ArgumentException">No row or no room.</exception>
    public StackCache(int batch, int? capacity = null)
        : this(batch)
    {
        if (capacity < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(capacity), capacity, string.Create(CultureInfo.InvariantCulture, $"capacity: expected at least 1 token per row, got {capacity}"));
        }

        IsGrowing = capacity is null;
        Placement = new ContiguousPlacement(batch, capacity);
    }

    /// <summary>An empty stack of pages.</summary>
    /// <param name="batch">Rows B, at least 1.</param>
    /// <param name="paging">Size and number of pages. A page number means the same page in every layer.</param>
    /// <exception cref="ArgumentException">No row, pages without a token, or no page.</exception>
    public StackCache(int batch, CachePaging paging)
        : this(batch)
    {
        if (paging.PageSize < 1 || paging.Pages < 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(paging),
                paging,
                string.Create(CultureInfo.InvariantCulture, $"paging: expected at least 1 page of at least 1 token, got {(paging.Pages is { } pages ? pages : "a growing number")} of {paging.PageSize}"));
        }

        IsGrowing = paging.Pages is null;
        Placement = new PagedPlacement(batch, paging);
    }

    /// <summary>An empty stack of rings.</summary>
    /// <param name="batch">Rows B, at least 1.</param>
    /// <param name="ring">What is kept of a row.</param>
    /// <exception cref="ArgumentException">No row, a ring without a recent token, a negative number of sinks, or no such eviction.</exception>
    public StackCache(int batch, CacheRing ring)
        : this(batch)
    {
        ring.Check(nameof(ring));
        IsGrowing = true;
        Placement = new RingPlacement(batch, ring);
        _seen = new int[batch];
        _evicted = new int[batch];
    }

    private StackCache(int batch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        Batch = batch;
        Placement = null!;
        _segments = new CacheSegments(batch);
        _positions = new CacheSegments(batch, positions: true);
        _lengths = new int[batch];
        _added = new int[batch];
        _extended = TokenRows.Blank(batch);
        _oneToken = TokenRows.Uniform(batch, 1);
    }

    /// <summary>Rows B.</summary>
    public int Batch { get; }

    /// <summary>The layers' caches, in the order in which they were made.</summary>
    public IReadOnlyList<KvCache> Layers => _layers;

    /// <summary>Whether the capacity grows as needed.</summary>
    public bool IsGrowing { get; }

    /// <summary>Tokens that every row has room for; of pages, tokens that all rows together have room for. 0 as long as a growing stack holds nothing.</summary>
    public int Capacity => Placement.Capacity;

    /// <summary>How many pages there are and who holds them; null for a contiguous stack.</summary>
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

    /// <summary>Scalars kept per token, all layers together.</summary>
    public long ScalarsPerToken
    {
        get
        {
            long scalars = 0;
            foreach (KvCache layer in _layers)
            {
                scalars += layer.ScalarsPerToken;
            }

            return scalars;
        }
    }

    /// <summary>Bytes of storage held now, used or not, all layers together.</summary>
    public long Bytes
    {
        get
        {
            long bytes = 0;
            foreach (KvStore store in Placement.Stores)
            {
                bytes += store.Bytes;
            }

            return bytes;
        }
    }

    internal KvPlacement Placement { get; }

    /// <summary>The pages' books; null for a contiguous stack.</summary>
    internal PageTables? Tables => (Placement as PagedPlacement)?.Tables;

    internal ReadOnlySpan<int> Lengths => _lengths;

    internal TokenRows OneToken => _oneToken;

    /// <summary>What a ring keeps; null for a stack that keeps all tokens.</summary>
    public CacheRing? Ring => (Placement as RingPlacement)?.Books.Ring;

    /// <summary>Cached tokens of a row; of a ring also those that it has let go of.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such row.</exception>
    public int Length(int row) => _lengths[Checked(row)];

    /// <summary>Cached tokens of a row that are there: all of them, or a ring's sinks and recent ones.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such row.</exception>
    public int Held(int row) => Placement.Held(_lengths[Checked(row)]);

    /// <summary>Makes room for <paramref name="tokens"/> more tokens in every row, so that appending them allocates nothing. The room stays until the row is truncated, forked into or reset.
    /// Quantized streams stay <paramref name="tokens"/> behind in quantizing from now on, until the next call, so that so many tokens can be taken back as if they had never been.</summary>
    /// <param name="tokens">Tokens per row, not negative.</param>
    /// <exception cref="ArgumentException">The size is fixed and there is not that much room, or no block can be that large.</exception>
    public void Reserve(int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        Array.Fill(_added, tokens);
        Placement.MakeRoom(nameof(tokens), _lengths, _added, kept: true);
        foreach (KvCache layer in _layers)
        {
            layer.StateRows?.Reserve(tokens);
        }

        _isOpen = false;
    }

    /// <summary>Gives up a step that some layers have taken and others have not. Nothing of it stays. Does nothing between steps.</summary>
    public void Abandon() => _isOpen = false;

    /// <summary>Forgets a row's tokens from <paramref name="length"/> on.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <param name="length">Tokens to keep, from 0 to <see cref="Length"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such row, or more tokens than it has.</exception>
    /// <exception cref="InvalidOperationException">A ring has let go of tokens that the shorter row would hold, or tokens behind it are quantized already; <see cref="Reserve"/> prevents both.</exception>
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

        Placement.CheckTrim(row, length);
        int removed = _lengths[row] - length;
        foreach (KvCache layer in _layers)
        {
            layer.StateRows?.CheckTruncate(row, removed, length);
        }

        foreach (KvCache layer in _layers)
        {
            layer.StateRows?.Truncate(row, removed, length);
        }

        _lengths[row] = length;
        Placement.Trim(row, length);
        _isOpen = false;
    }

    /// <summary>Forgets all tokens of all rows; the memory stays.</summary>
    public void Reset()
    {
        for (int row = 0; row < Batch; row++)
        {
            Truncate(row, 0);
        }

        _segments.Any = false;
        _positions.Any = false;
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

        Placement.Fork(from, to, _lengths[from]);
        _segments.Fork(from, to, _lengths[from]);
        _positions.Fork(from, to, _lengths[from]);
        foreach (KvCache layer in _layers)
        {
            layer.StateRows?.Fork(from, to);
        }

        _lengths[to] = _lengths[from];
        _isOpen = false;
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

        Placement.Arrange(rows, _added);
        _segments.Arrange(rows, _added);
        _positions.Arrange(rows, _added);
        foreach (KvCache layer in _layers)
        {
            layer.StateRows?.Arrange(rows);
        }

        _added.CopyTo(_lengths.AsSpan());
        _isOpen = false;
    }

    /// <summary>What the rows hold now, to come back to. Disposing of the snapshot frees what it keeps.</summary>
    public CacheSnapshot Snapshot() => new(this, (int[])_lengths.Clone(), _segments.Keep(_lengths), _positions.Keep(_lengths), _layers.ConvertAll(layer => layer.StateRows?.Keep()), Placement.Keep(_lengths));

    /// <summary>Comes back to a snapshot, as often as one likes.</summary>
    /// <param name="snapshot">A snapshot of this stack.</param>
    /// <exception cref="ArgumentException">A snapshot of another stack or cache.</exception>
    /// <exception cref="ObjectDisposedException">The snapshot has been disposed of.</exception>
    public void Restore(CacheSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        if (!ReferenceEquals(snapshot.Owner, this))
        {
            throw new ArgumentException("snapshot: expected a snapshot of this cache, got one of another", nameof(snapshot));
        }

        Placement.Restore(snapshot.Kept, snapshot.Lengths);
        _segments.Restore(snapshot.Segments);
        _positions.Restore(snapshot.Positions);
        for (int layer = 0; layer < snapshot.States.Count; layer++)
        {
            if (snapshot.States[layer] is { } copy)
            {
                _layers[layer].StateRows!.Restore(copy);
            }
        }

        snapshot.Lengths.CopyTo(_lengths.AsSpan());
        _isOpen = false;
    }

    /// <summary>One more layer.</summary>
    /// <returns>Its stores, one per stream.</returns>
    internal KvStore[] Add(KvCache layer, CacheElement element, ReadOnlySpan<CacheStream> streams)
    {
        foreach (int length in _lengths)
        {
            if (length > 0 || _isOpen)
            {
                throw new InvalidOperationException("the stack holds tokens already: make the caches of all layers before the first step");
            }
        }

        KvStore[] stores = Placement.Add(element, streams);
        _layers.Add(layer);
        return stores;
    }

    /// <summary>A layer begins the step, or joins it.</summary>
    /// <param name="taken">The number of the step that the layer joined last.</param>
    /// <param name="block">Rows of the new tokens alone.</param>
    /// <param name="parameter">Who is at fault when there is no room.</param>
    internal TokenRows Extend(ref long taken, TokenRows block, string parameter)
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

        if (_isOpen && taken != _step)
        {
            if (!block.IsSameAs(_block!))
            {
                throw new ArgumentException("block: expected the new tokens that the other layers of the stack take in this step; call Abandon to give the step up", nameof(block));
            }

            taken = _step;
            return _extended;
        }

        if (_isOpen && _taken > 0)
        {
            throw new InvalidOperationException(
                string.Create(CultureInfo.InvariantCulture, $"this layer has taken the present step, and {_layers.Count - _taken} of {_layers.Count} layers have not: run them, or call Abandon on the stack to give the step up"));
        }

        Open(block, parameter);
        taken = _step;
        return _extended;
    }

    /// <summary>Whether the rows are the extension of the open step.</summary>
    internal bool IsOpen(long step, TokenRows extended) => _isOpen && step == _step && ReferenceEquals(extended, _extended);

    /// <summary>A layer has taken the step; the last one makes it count.</summary>
    internal void Commit()
    {
        if (++_taken < _layers.Count)
        {
            return;
        }

        for (int row = 0; row < Batch; row++)
        {
            _lengths[row] += _extended.Count(row);
        }

        foreach (KvCache layer in _layers)
        {
            layer.StateRows?.Commit();
        }

        Placement.Settle(_lengths);
        _segments.Any |= _extended.HasQuerySegments;
        _positions.Any |= _extended.HasPositions;
        _isOpen = false;
    }

    private void Open(TokenRows block, string parameter)
    {
        for (int row = 0; row < Batch; row++)
        {
            _added[row] = block.Count(row);
        }

        Placement.MakeRoom(parameter, _lengths, _added, kept: false);
        bool segmented = _segments.Any || block.HasQuerySegments;
        if (Placement is RingPlacement ring)
        {
            OpenRing(ring.Books, block, segmented);
        }
        else
        {
            int keys = Longest(_lengths);
            int room = Tables is null ? Capacity : keys;
            bool placed = _positions.Any || block.HasPositions;
            if (segmented)
            {
                _segments.Write(block, _lengths, room);
            }

            if (placed)
            {
                _positions.Write(block, _lengths, room);
            }

            _extended.Become(
                block, keys, _lengths, segmented ? _segments.Query : null, segmented ? _segments.Ids : null, _segments.Stride, placed ? _positions.Ids : null, _positions.Stride);
        }

        _block = block;
        _step++;
        _taken = 0;
        _isOpen = true;
    }

    /// <summary>Keys are the tokens that the ring still has, without gaps: masks go by places among them, positions by all tokens.</summary>
    private void OpenRing(RingBooks books, TokenRows block, bool segmented)
    {
        for (int row = 0; row < Batch; row++)
        {
            _evicted![row] = books.Evicted(row);
            _seen![row] = _lengths[row] - _evicted[row];
        }

        int keys = Longest(_seen);
        if (segmented)
        {
            _segments.Write(block, _lengths, Longest(_lengths));
            _segments.Squeeze(books.Ring.Sinks, _evicted, _seen, _added, keys);
        }

        bool placed = _positions.Any || block.HasPositions;
        if (placed)
        {
            _positions.Write(block, _lengths, Longest(_lengths));
            _positions.Squeeze(books.Ring.Sinks, _evicted, _seen, _added, keys);
        }

        _extended.Become(
            block, keys, _seen, segmented ? _segments.Query : null, segmented ? _segments.Squeezed : null, keys, placed ? _positions.Squeezed : null, keys, _evicted, books.Ring.Sinks);
    }

    private int Longest(ReadOnlySpan<int> cached)
    {
        int keys = 0;
        for (int row = 0; row < Batch; row++)
        {
            keys = Math.Max(keys, cached[row] + _added[row]);
        }

        return keys;
    }

    private int Checked(int row, string parameter = "row") => (uint)row < (uint)Batch
        ? row
        : throw new ArgumentOutOfRangeException(parameter, row, string.Create(CultureInfo.InvariantCulture, $"{parameter}: expected 0 to {Batch - 1}, got {row}"));
}
