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
    private readonly KvStore[] _stores;
    private readonly bool[] _appended;
    private readonly bool _isAlone;
    private long _step;
    private bool _isTaken;

    /// <summary>An empty contiguous cache.</summary>
    /// <param name="batch">Rows B, at least 1.</param>
    /// <param name="element">How scalars are stored.</param>
    /// <param name="capacity">Tokens per row at most, at least 1, reserved at once; null: grows as needed.</param>
    /// <param name="streams">What is kept per token, at least one stream.</param>
    /// <exception cref="ArgumentException">No row, no such element, no room, no stream, a stream without heads or width, or a stream too large for one block.</exception>
    public KvCache(int batch, CacheElement element, int? capacity, params ReadOnlySpan<CacheStream> streams)
        : this(new StackCache(batch, capacity), element, streams) => _isAlone = true;

    /// <summary>An empty cache of pages.</summary>
    /// <param name="batch">Rows B, at least 1.</param>
    /// <param name="element">How scalars are stored.</param>
    /// <param name="paging">Size and number of pages.</param>
    /// <param name="streams">What is kept per token, at least one stream.</param>
    /// <exception cref="ArgumentException">No row, no such element, pages without a token, no page, no stream, a stream without heads or width, or a stream too large for one block.</exception>
    public KvCache(int batch, CacheElement element, CachePaging paging, params ReadOnlySpan<CacheStream> streams)
        : this(new StackCache(batch, paging), element, streams) => _isAlone = true;

    /// <summary>An empty cache that keeps a row's first and last tokens.</summary>
    /// <param name="batch">Rows B, at least 1.</param>
    /// <param name="element">How scalars are stored.</param>
    /// <param name="ring">What is kept of a row.</param>
    /// <param name="streams">What is kept per token, at least one stream.</param>
    /// <exception cref="ArgumentException">No row, no such element, no such ring, no stream, a stream without heads or width, or a stream too large for one block.</exception>
    public KvCache(int batch, CacheElement element, CacheRing ring, params ReadOnlySpan<CacheStream> streams)
        : this(new StackCache(batch, ring), element, streams) => _isAlone = true;

    /// <summary>The cache of one layer of a stack of rings.</summary>
    /// <param name="stack">The stack, without tokens.</param>
    /// <param name="element">How scalars are stored.</param>
    /// <param name="ring">What the stack must keep of a row: attention over another ring is another layer.</param>
    /// <param name="streams">What is kept per token, at least one stream.</param>
    /// <exception cref="ArgumentException">The stack keeps something else, no such element, no stream, a stream without heads or width, or a stream too large for one block.</exception>
    /// <exception cref="InvalidOperationException">The stack holds tokens already.</exception>
    public KvCache(StackCache stack, CacheElement element, CacheRing ring, params ReadOnlySpan<CacheStream> streams)
        : this(OfRing(stack, ring), element, streams)
    {
    }

    /// <summary>The cache of one layer of a stack, which owns lengths and pages and decides where tokens lie.</summary>
    /// <param name="stack">The stack, without tokens.</param>
    /// <param name="element">How scalars are stored.</param>
    /// <param name="streams">What is kept per token, at least one stream.</param>
    /// <exception cref="ArgumentException">No such element, no stream, a stream without heads or width, or a stream too large for one block.</exception>
    /// <exception cref="InvalidOperationException">The stack holds tokens already.</exception>
    public KvCache(StackCache stack, CacheElement element, params ReadOnlySpan<CacheStream> streams)
    {
        ArgumentNullException.ThrowIfNull(stack);
        CheckElement(nameof(element), element);

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

            CheckElement(nameof(streams), stream.Element ?? element);
            stream.SinkRotation?.Check(stream);
            ScalarsPerToken += stream.ScalarsPerToken;
        }

        Stack = stack;
        Element = element;
        _streams = [.. streams];
        _appended = new bool[streams.Length];
        _stores = stack.Add(this, element, streams);
    }

    /// <summary>What owns the lengths and pages; a cache by itself has a stack of one layer.</summary>
    public StackCache Stack { get; }

    /// <summary>Rows B.</summary>
    public int Batch => Stack.Batch;

    /// <summary>How scalars are stored where a stream does not say otherwise: <see cref="CacheStream.Element"/>.</summary>
    public CacheElement Element { get; }

    /// <summary>Whether the capacity grows as needed.</summary>
    public bool IsGrowing => Stack.IsGrowing;

    /// <summary>Tokens that every row has room for; of pages, tokens that all rows together have room for.</summary>
    public int Capacity => Stack.Capacity;

    /// <summary>How many pages there are and who holds them; null for a contiguous cache.</summary>
    public CachePages? Pages => Stack.Pages;

    /// <summary>The pages' books; null for a contiguous cache.</summary>
    internal PageTables? Tables => Stack.Tables;

    /// <summary>Scalars kept per token, all streams of this layer together.</summary>
    public long ScalarsPerToken { get; }

    /// <summary>Bytes of this layer's storage held now, used or not.</summary>
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

    /// <summary>What is kept of a row whatever its length, as float32, in the order of the state numbers. A row's states go where its tokens go: into forks, snapshots and other rows. Tokens can be taken back only as far as
    /// <see cref="Reserve"/> asked for; otherwise from a snapshot, or all of them.</summary>
    /// <exception cref="ArgumentException">A state without rows or width.</exception>
    public IReadOnlyList<CacheState> States
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = [.. value];
            StateRows = field.Count == 0 ? null : new StateRows<float>(Batch, [.. field]);
        }
    } = [];

    /// <summary>The states' rows; null without any.</summary>
    internal StateRows<float>? StateRows { get; private set; }

    // What happens to a row happens in all layers: a layer of several may not go its own way.
    private StackCache Own => _isAlone
        ? Stack
        : throw new InvalidOperationException("this cache is a layer of a stack: call the stack's method, which acts on all its layers");

    /// <summary>What a ring keeps; null for a cache that keeps all tokens.</summary>
    public CacheRing? Ring => Stack.Ring;

    /// <summary>Cached tokens of a row; of a ring also those that it has let go of.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such row.</exception>
    public int Length(int row) => Stack.Length(row);

    /// <summary>Cached tokens of a row that are there: all of them, or a ring's sinks and recent ones.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such row.</exception>
    public int Held(int row) => Stack.Held(row);

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
    public TokenRows Extend() => Extend(Stack.OneToken, "cache");

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
                _stores[stream].Write(row, Stack.Lengths[row], count, values.Slice(row * extended.Tokens * size, count * size));
            }
        }

        _appended[stream] = true;
    }

    /// <summary>The last rows of a state before the new tokens, and theirs, which take their place once <see cref="Commit"/> is called.</summary>
    /// <param name="state">Number of the state.</param>
    /// <param name="values">[B, T, width] of the new tokens; padding is not kept.</param>
    /// <param name="extended">What <see cref="Extend(TokenRows)"/> returned.</param>
    /// <param name="recent">[B, rows + T, width], overwritten; rows before a row's first token and padding are 0.</param>
    /// <exception cref="ArgumentException">No such state, a wrong length, or rows that are not an extension of this cache that is still open.</exception>
    public void History(int state, ReadOnlySpan<float> values, TokenRows extended, Span<float> recent)
    {
        CheckExtended(extended);
        if (StateRows is null)
        {
            throw new ArgumentOutOfRangeException(nameof(state), state, "state: the cache has no states");
        }

        StateRows.History(state, values, extended, recent);
    }

    /// <summary>A copy of a state's rows, [B, rows, width]: the newest last, rows of 0 before a row's first token.</summary>
    /// <param name="state">Number of the state.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such state.</exception>
    public float[] ReadState(int state) => (uint)state < (uint)States.Count
        ? StateRows!.Read(state)
        : throw new ArgumentOutOfRangeException(nameof(state), state, string.Create(CultureInfo.InvariantCulture, $"state: expected 0 to {States.Count - 1}, got {state}"));

    /// <summary>Makes the appended tokens part of the cache: every row grows by its <see cref="TokenRows.Count"/>, in a stack once its last layer has done so.</summary>
    /// <param name="extended">What <see cref="Extend(TokenRows)"/> returned.</param>
    /// <exception cref="ArgumentException">The rows are not an extension of this cache that is still open.</exception>
    /// <exception cref="InvalidOperationException">A stream has not been appended.</exception>
    public void Commit(TokenRows extended)
    {
        CheckExtended(extended);
        for (int s = 0; s < _appended.Length; s++)
        {
            CheckAppended(s);
        }

        StateRows?.CheckWritten();
        _isTaken = true;
        Stack.Commit();
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
        return _stores[stream] is KvStore<T> store
            ? store.View
            : throw new InvalidOperationException($"the cache stores {((_streams[stream].Element ?? Element) == CacheElement.Float32 ? "float" : "ushort bits of bfloat16")}, not {typeof(T).Name}");
    }

    /// <summary>Makes room for <paramref name="tokens"/> more tokens in every row, so that appending them allocates nothing. The room stays until the row is truncated, forked into or reset.
    /// Quantized streams stay <paramref name="tokens"/> behind in quantizing from now on, until the next call, so that so many tokens can be taken back as if they had never been.</summary>
    /// <param name="tokens">Tokens per row, not negative.</param>
    /// <exception cref="ArgumentException">The size is fixed and there is not that much room, or no block can be that large.</exception>
    /// <exception cref="InvalidOperationException">The cache is a layer of a stack.</exception>
    public void Reserve(int tokens) => Own.Reserve(tokens);

    /// <summary>Forgets a row's tokens from <paramref name="length"/> on.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <param name="length">Tokens to keep, from 0 to <see cref="Length"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such row, or more tokens than it has.</exception>
    /// <exception cref="InvalidOperationException">The cache is a layer of a stack, or tokens behind it are quantized already; see <see cref="Reserve"/>.</exception>
    public void Truncate(int row, int length) => Own.Truncate(row, length);

    /// <summary>Forgets all tokens of all rows; the memory stays.</summary>
    /// <exception cref="InvalidOperationException">The cache is a layer of a stack.</exception>
    public void Reset() => Own.Reset();

    /// <summary>Forgets a row's tokens.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such row.</exception>
    /// <exception cref="InvalidOperationException">The cache is a layer of a stack.</exception>
    public void Reset(int row) => Own.Reset(row);

    /// <summary>A row becomes what another one is, and both go on by themselves. In pages nothing is copied before one of them writes.</summary>
    /// <param name="from">The row to become, from 0.</param>
    /// <param name="to">Another row, from 0; what it held is forgotten.</param>
    /// <exception cref="ArgumentException">No such row, twice the same row, or a row that has not room for as many tokens.</exception>
    /// <exception cref="InvalidOperationException">The cache is a layer of a stack.</exception>
    public void Fork(int from, int to) => Own.Fork(from, to);

    /// <summary>Row b becomes what row <paramref name="rows"/>[b] was, as a beam search needs it; rows may repeat, and those that are not named are forgotten. In pages nothing is copied before a row writes.</summary>
    /// <param name="rows">B rows.</param>
    /// <exception cref="ArgumentException">Not B rows, or no such row.</exception>
    /// <exception cref="InvalidOperationException">The cache is a layer of a stack.</exception>
    public void Reorder(ReadOnlySpan<int> rows) => Own.Reorder(rows);

    /// <summary>What the cache holds now, to come back to. Disposing of the snapshot frees what it keeps.</summary>
    /// <exception cref="InvalidOperationException">The cache is a layer of a stack.</exception>
    public CacheSnapshot Snapshot() => Own.Snapshot();

    /// <summary>Comes back to a snapshot, as often as one likes.</summary>
    /// <param name="snapshot">A snapshot of this cache.</param>
    /// <exception cref="ArgumentException">A snapshot of another cache.</exception>
    /// <exception cref="ObjectDisposedException">The snapshot has been disposed of.</exception>
    /// <exception cref="InvalidOperationException">The cache is a layer of a stack.</exception>
    public void Restore(CacheSnapshot snapshot) => Own.Restore(snapshot);

    /// <summary>A dense copy of one stream, [B, longest row, heads, width], of the tokens that are <see cref="Held"/>; padding is 0.</summary>
    /// <param name="stream">Number of the stream.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such stream.</exception>
    public float[] Read(int stream)
    {
        CheckStream(stream);
        int longest = 0;
        for (int row = 0; row < Batch; row++)
        {
            longest = Math.Max(longest, Held(row));
        }

        int size = _streams[stream].Heads * _streams[stream].Width;
        var dense = new float[ArrayLength.Of(nameof(stream), Batch, longest, size)];
        for (int row = 0; row < Batch; row++)
        {
            for (int place = 0; place < Held(row); place++)
            {
                _stores[stream].Read(row, Stack.Placement.HeldToken(Stack.Lengths[row], place), dense.AsSpan(((row * longest) + place) * size, size));
            }
        }

        return dense;
    }

    /// <summary>
    /// What a step sees of one stream, dense: cached and appended tokens. For attention by other means than kernels, which read <see cref="View{T}"/>.
    /// </summary>
    /// <param name="stream">Number of the stream, appended in this step.</param>
    /// <param name="extended">What <see cref="Extend(TokenRows)"/> returned.</param>
    /// <param name="values">[B, S, heads, width], overwritten: the first <see cref="TokenRows.KeyCount"/> tokens of each row; padding is 0.</param>
    /// <exception cref="ArgumentException">No such stream, a wrong length, or rows that are not an extension of this cache that is still open.</exception>
    /// <exception cref="InvalidOperationException">The stream has not been appended.</exception>
    public void Read(int stream, TokenRows extended, Span<float> values)
    {
        CheckStream(stream);
        CheckExtended(extended);
        CacheStream shape = _streams[stream];
        Check.Length(nameof(values), values.Length, Batch, extended.Keys, shape.Heads, shape.Width);
        CheckAppended(stream);
        int size = shape.Heads * shape.Width;
        for (int row = 0; row < Batch; row++)
        {
            Span<float> tokens = values.Slice(row * extended.Keys * size, extended.Keys * size);
            int seen = extended.KeyCount(row);
            for (int token = 0; token < seen; token++)
            {
                _stores[stream].ReadSeen(row, Stack.Placement.SeenToken(row, token), tokens.Slice(token * size, size));
            }

            tokens[(seen * size)..].Clear();
        }
    }

    private TokenRows Extend(TokenRows block, string parameter)
    {
        TokenRows extended = Stack.Extend(ref _step, block, parameter);
        Array.Clear(_appended);
        StateRows?.Abandon();
        _isTaken = false;
        return extended;
    }

    private static StackCache OfRing(StackCache stack, CacheRing ring)
    {
        ArgumentNullException.ThrowIfNull(stack);
        return stack.Ring == ring
            ? stack
            : throw new ArgumentException($"stack: expected a stack made with {ring}, got {(stack.Ring is { } other ? $"one made with {other}" : "one that keeps all tokens")}", nameof(stack));
    }

    private static void CheckElement(string parameter, CacheElement element)
    {
        if (element is not (CacheElement.Float32 or CacheElement.BFloat16))
        {
            throw new ArgumentOutOfRangeException(parameter, element, parameter + ": expected elements Float32 or BFloat16");
        }
    }

    private void CheckStream(int stream)
    {
        if ((uint)stream >= (uint)_streams.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(stream), stream, string.Create(CultureInfo.InvariantCulture, $"stream: expected 0 to {_streams.Length - 1}, got {stream}"));
        }
    }

    private void CheckAppended(int stream)
    {
        if (!_appended[stream])
        {
            throw new InvalidOperationException($"stream '{_streams[stream].Name}' has not been appended since the cache was extended");
        }
    }

    private void CheckExtended(TokenRows extended)
    {
        ArgumentNullException.ThrowIfNull(extended);
        if (_isTaken || !Stack.IsOpen(_step, extended))
        {
            throw new ArgumentException("extended: expected the rows that Extend last returned, with nothing committed, truncated or reset since", nameof(extended));
        }
    }
}
