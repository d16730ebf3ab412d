using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;

using AttnDsl.Runtime;

namespace AttnDsl;

/// <summary>The reference backend's cache: contiguous, growing, rows of unequal length. Not thread-safe.</summary>
/// <remarks>
/// Of a ring it keeps all tokens and shows those that a ring would still have, so that rows can be cut to any length.
/// <para>
/// One step is <see cref="Extend"/>, then <see cref="Append"/> once for every stream, then <see cref="Commit"/>. Nothing of the step is visible before the commit, so an abandoned step leaves no trace.
/// </para>
/// </remarks>
/// <typeparam name="T">Scalar type.</typeparam>
public sealed class ReferenceCache<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly ImmutableArray<CacheStream> _streams;
    private readonly T[][][] _values;

    // Per stream and row: first tokens that have been passed through their codes.
    private readonly int[][] _borders;
    private readonly CacheRows _rows;
    private readonly StateRows<T>? _states;

    /// <summary>An empty cache.</summary>
    /// <param name="batch">Rows, at least 1.</param>
    /// <param name="streams">What is kept per token, at least one stream.</param>
    /// <exception cref="ArgumentException">No row, no stream, or a stream without heads or width.</exception>
    public ReferenceCache(int batch, params ReadOnlySpan<CacheStream> streams)
        : this(batch, null, streams)
    {
    }

    /// <summary>An empty cache that shows a row's first and last tokens.</summary>
    /// <param name="batch">Rows, at least 1.</param>
    /// <param name="ring">What is shown of a row; null: everything.</param>
    /// <param name="streams">What is kept per token, at least one stream.</param>
    /// <exception cref="ArgumentException">No row, no such ring, no stream, a stream without heads or width, or a quantized stream in a ring.</exception>
    public ReferenceCache(int batch, CacheRing? ring, params ReadOnlySpan<CacheStream> streams)
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
        _borders = new int[streams.Length][];
        for (int s = 0; s < _values.Length; s++)
        {
            _values[s] = new T[batch][];
            _borders[s] = new int[batch];
            streams[s].Quantization?.Check(streams[s]);
            streams[s].SinkRotation?.Check(streams[s]);
            if (ring is not null && streams[s].Quantization is not null)
            {
                throw new ArgumentException($"streams: '{streams[s].Name}' is quantized, and a ring lets go of tokens one by one", nameof(streams));
            }

            Array.Fill(_values[s], []);
            ScalarsPerToken += streams[s].ScalarsPerToken;
        }

        _rows = new CacheRows(batch, streams.Length, ring);
    }

    /// <summary>Rows B.</summary>
    public int Batch { get; }

    /// <summary>Scalars kept per token, all streams together.</summary>
    public long ScalarsPerToken { get; }

    /// <summary>What is kept, in the order of the stream numbers.</summary>
    public IReadOnlyList<CacheStream> Streams => _streams;

    /// <summary>What is shown of a row; null: everything.</summary>
    public CacheRing? Ring => _rows.Ring;

    /// <summary>What is kept of a row whatever its length, in the order of the state numbers. Tokens can then be taken back only all together.</summary>
    /// <exception cref="ArgumentException">A state without rows or width.</exception>
    public IReadOnlyList<CacheState> States
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = [.. value];
            _states = field.Count == 0 ? null : new StateRows<T>(Batch, [.. field]);
        }
    } = [];

    /// <summary>Cached tokens of a row.</summary>
    /// <param name="row">Row, from 0.</param>
    public int Length(int row) => _rows.Length(row);

    /// <summary>Cached tokens of a row that are shown: all of them, or a ring's sinks and recent ones.</summary>
    /// <param name="row">Row, from 0.</param>
    public int Held(int row) => _rows.Held(row);

    /// <summary>
    /// The same new tokens, seen over cached and new keys: <see cref="TokenRows.Past"/> is <see cref="Length"/>, less what a ring lets go of. Nothing is written. If cached tokens came with segments and the new ones have none,
    /// the new ones go on with the segment of their row's last cached token.
    /// </summary>
    /// <param name="block">Rows of the new tokens alone.</param>
    /// <exception cref="ArgumentException">Another batch, or rows that already lie over other keys.</exception>
    public TokenRows Extend(TokenRows block)
    {
        TokenRows extended = _rows.Extend(block);
        _states?.Abandon();
        return extended;
    }

    /// <summary>The last rows of a state before the new tokens, and theirs, which take their place once <see cref="Commit"/> is called.</summary>
    /// <param name="state">Number of the state.</param>
    /// <param name="values">[B, T, width] of the new tokens; padding is not kept.</param>
    /// <param name="extended">What <see cref="Extend"/> last returned.</param>
    /// <returns>[B, rows + T, width]; rows before a row's first token and padding are 0.</returns>
    /// <exception cref="ArgumentException">No such state, a wrong length, or rows that are not the last extension.</exception>
    public T[] History(int state, ReadOnlySpan<T> values, TokenRows extended)
    {
        _rows.CheckExtended(extended);
        if ((uint)state >= (uint)States.Count)
        {
            throw new ArgumentOutOfRangeException(nameof(state), state, string.Create(CultureInfo.InvariantCulture, $"state: expected 0 to {States.Count - 1}, got {state}"));
        }

        var recent = new T[ArrayLength.Of(nameof(extended), Batch, States[state].Rows + extended.Tokens, States[state].Width)];
        _states!.History(state, values, extended, recent);
        return recent;
    }

    /// <summary>A copy of a state's rows, [B, rows, width]: the newest last, rows of 0 before a row's first token.</summary>
    /// <param name="state">Number of the state.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such state.</exception>
    public T[] ReadState(int state) => (uint)state < (uint)States.Count
        ? _states!.Read(state)
        : throw new ArgumentOutOfRangeException(nameof(state), state, string.Create(CultureInfo.InvariantCulture, $"state: expected 0 to {States.Count - 1}, got {state}"));

    /// <summary>Adds one stream's values of the new tokens; they count once <see cref="Commit"/> is called.</summary>
    /// <param name="stream">Number of the stream.</param>
    /// <param name="values">[B, T, heads, width] of the new tokens; padding is not kept.</param>
    /// <param name="extended">What <see cref="Extend"/> last returned.</param>
    /// <returns>A dense copy of cached and new values, [B, S, heads, width]; padding is 0.</returns>
    /// <exception cref="ArgumentException">No such stream, a wrong length, or rows that are not the last extension.</exception>
    public T[] Append(int stream, ReadOnlySpan<T> values, TokenRows extended)
    {
        CheckStream(stream);
        _rows.CheckExtended(extended);
        CacheStream shape = _streams[stream];
        Check.Length(nameof(values), values.Length, Batch, extended.Tokens, shape.Heads, shape.Width);
        int size = ArrayLength.Of(nameof(stream), shape.Heads, shape.Width);
        ArrayLength.Of(nameof(extended), Batch, extended.Keys, size);

        for (int row = 0; row < Batch; row++)
        {
            int start = _rows.Length(row) * size;
            int count = extended.Count(row) * size;
            Reserve(ref _values[stream][row], start, start + count);
            values.Slice(row * extended.Tokens * size, count).CopyTo(_values[stream][row].AsSpan(start));
        }

        _rows.Append(stream);
        T[] seen = Dense(stream, extended.Keys, extended.KeyCount, _rows.Evicted);
        for (int row = 0; row < Batch && shape.SinkRotation is not null; row++)
        {
            // A ring that has let go of tokens has all its sinks.
            int sinks = _rows.Evicted(row) == 0 ? 0 : Ring!.Value.Sinks;
            shape.SinkRotation.Turn(seen.AsSpan(row * extended.Keys * size, sinks * size), shape.Width, _rows.Evicted(row));
        }

        return seen;
    }

    /// <summary>Makes the appended tokens part of the cache: every row grows by its <see cref="TokenRows.Count"/>.</summary>
    /// <param name="extended">What <see cref="Extend"/> last returned.</param>
    /// <exception cref="ArgumentException">The rows are not the last extension.</exception>
    /// <exception cref="InvalidOperationException">A stream has not been appended.</exception>
    public void Commit(TokenRows extended)
    {
        _states?.CheckWritten();
        _rows.Commit(extended, stream => _streams[stream].Name);
        _states?.Commit();
        for (int s = 0; s < _values.Length; s++)
        {
            for (int row = 0; row < Batch && _streams[s].Quantization is not null; row++)
            {
                QuantizedPass.Move(_streams[s], _values[s][row], ref _borders[s][row], _rows.Length(row));
            }
        }
    }

    /// <summary>Forgets a row's tokens from <paramref name="length"/> on.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <param name="length">Tokens to keep, from 0 to <see cref="Length"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such row, or more tokens than it has.</exception>
    /// <exception cref="InvalidOperationException">Tokens behind it are quantized already.</exception>
    public void Truncate(int row, int length)
    {
        for (int s = 0; s < _values.Length && row >= 0 && row < Batch; s++)
        {
            if (length > 0 && length < _borders[s][row])
            {
                throw new InvalidOperationException(
                    string.Create(CultureInfo.InvariantCulture, $"row {row} cannot be cut to {length} tokens: stream '{_streams[s].Name}' has quantized {_borders[s][row]} and their scalars are lost"));
            }
        }

        if (_states is not null && row >= 0 && row < Batch && length >= 0 && length <= _rows.Length(row))
        {
            int removed = _rows.Length(row) - length;
            _states.CheckTruncate(row, removed, length);
            _states.Truncate(row, removed, length);
        }

        _rows.Truncate(row, length);
        for (int s = 0; s < _values.Length && length == 0; s++)
        {
            _borders[s][row] = 0;
        }
    }

    /// <summary>Forgets all tokens of all rows.</summary>
    public void Reset()
    {
        for (int row = 0; row < Batch; row++)
        {
            _states?.Truncate(row, _rows.Length(row), 0);
        }

        _rows.Reset();
        foreach (int[] borders in _borders)
        {
            Array.Clear(borders);
        }
    }

    /// <summary>A dense copy of one stream, [B, longest row, heads, width], of the tokens that are <see cref="Held"/>, as they were appended; padding is 0.</summary>
    /// <param name="stream">Number of the stream.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such stream.</exception>
    public T[] Read(int stream)
    {
        CheckStream(stream);
        return Dense(stream, _rows.Longest, Held, _rows.Dropped);
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

    private T[] Dense(int stream, int tokens, Func<int, int> counts, Func<int, int> left)
    {
        int size = _streams[stream].Heads * _streams[stream].Width;
        var dense = new T[ArrayLength.Of(nameof(stream), Batch, tokens, size)];
        for (int row = 0; row < Batch; row++)
        {
            int sinks = Math.Min(Ring?.Sinks ?? 0, counts(row));
            _values[stream][row].AsSpan(0, sinks * size).CopyTo(dense.AsSpan(row * tokens * size));
            _values[stream][row].AsSpan((sinks + left(row)) * size, (counts(row) - sinks) * size).CopyTo(dense.AsSpan(((row * tokens) + sinks) * size));
        }

        return dense;
    }

    private void CheckStream(int stream)
    {
        if ((uint)stream >= (uint)_streams.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(stream), stream, string.Create(CultureInfo.InvariantCulture, $"stream: expected 0 to {_streams.Length - 1}, got {stream}"));
        }
    }
}
