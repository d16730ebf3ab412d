using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using AttnDsl.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch;

/// <summary>
/// What a module keeps of earlier tokens: one tensor [B, capacity, heads, width] per stream, rows of unequal length, growing as needed. The batch is fixed. Not thread-safe.
/// Values are constants: no gradient flows into a cache or out of it, and the storage is written in place.
/// </summary>
/// <remarks>
/// One step is <see cref="Extend(TokenRows)"/>, then <see cref="Append"/> once for every stream, then <see cref="Commit"/>; <c>forward(x, cache)</c> does all of it. Nothing of a step counts before the commit,
/// so a call that throws leaves the cache as it was. Of a ring it keeps all tokens and shows those that the ring would still have: a <see cref="KvCache"/> of the layer's own is as small as the ring. The tensors belong to the cache, not to a dispose scope: dispose the cache.
/// </remarks>
public sealed class TorchCache : IDisposable
{
    private const int FirstCapacity = 16;

    private readonly ImmutableArray<CacheStream> _streams;
    private readonly Tensor?[] _stores;
    private readonly CacheRows _rows;
    private readonly StateRows<double>? _states;

    /// <summary>An empty cache.</summary>
    /// <param name="batch">Rows B, at least 1.</param>
    /// <param name="dtype">Type of what is kept.</param>
    /// <param name="device">Where it is kept.</param>
    /// <param name="streams">What is kept per token, at least one stream.</param>
    /// <exception cref="ArgumentException">No row, no stream, or a stream without heads or width.</exception>
    public TorchCache(int batch, ScalarType dtype, Device device, params ReadOnlySpan<CacheStream> streams)
        : this(batch, dtype, device, null, streams)
    {
    }

    /// <summary>An empty cache that shows a row's first and last tokens.</summary>
    /// <param name="batch">Rows B, at least 1.</param>
    /// <param name="dtype">Type of what is kept.</param>
    /// <param name="device">Where it is kept.</param>
    /// <param name="ring">What is shown of a row; null: everything.</param>
    /// <param name="streams">What is kept per token, at least one stream.</param>
    /// <exception cref="ArgumentException">No row, no such ring, no stream, or a stream without heads or width.</exception>
    public TorchCache(int batch, ScalarType dtype, Device device, CacheRing? ring, params ReadOnlySpan<CacheStream> streams)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentNullException.ThrowIfNull(device);
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

        Dtype = dtype;
        Device = device;
        _streams = [.. streams];
        _stores = new Tensor?[streams.Length];
        _rows = new CacheRows(batch, streams.Length, ring);
    }

    /// <summary>Rows B.</summary>
    public int Batch => _rows.Batch;

    /// <summary>Type of what is kept.</summary>
    public ScalarType Dtype { get; }

    /// <summary>Where it is kept.</summary>
    public Device Device { get; }

    /// <summary>What is kept, in the order of the stream numbers.</summary>
    public IReadOnlyList<CacheStream> Streams => _streams;

    /// <summary>What is kept of a row whatever its length, in the order of the state numbers. Tokens can then be taken back only all together.</summary>
    /// <exception cref="ArgumentException">A state without rows or width.</exception>
    public IReadOnlyList<CacheState> States
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = [.. value];
            _states = field.Count == 0 ? null : new StateRows<double>(Batch, [.. field]);
        }
    } = [];

    /// <summary>Scalars kept per token, all streams together.</summary>
    public long ScalarsPerToken => _streams.Sum(stream => stream.ScalarsPerToken);

    /// <summary>Bytes of storage held now, used or not.</summary>
    public long Bytes => _stores.Sum(store => store is null ? 0 : store.NumberOfElements * store.ElementSize);

    /// <summary>What is shown of a row; null: everything.</summary>
    public CacheRing? Ring => _rows.Ring;

    /// <summary>Cached tokens of a row that are shown: all of them, or a ring's sinks and recent ones.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such row.</exception>
    public int Held(int row) => _rows.Held(row);

    /// <summary>Cached tokens of a row.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such row.</exception>
    public int Length(int row) => _rows.Length(row);

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

    /// <summary>The last rows of a state before the new tokens, and theirs, which take their place once <see cref="Commit"/> is called. States are a few rows: they are kept as doubles on the CPU.</summary>
    /// <param name="state">Number of the state.</param>
    /// <param name="values">[B, T, heads, width] of the new tokens, heads · width the state's; padding is not kept.</param>
    /// <param name="extended">What <see cref="Extend"/> last returned.</param>
    /// <returns>[B, rows + T, heads, width]; rows before a row's first token and padding are 0.</returns>
    /// <exception cref="ArgumentException">No such state, values of another shape, or rows that are not the last extension.</exception>
    public Tensor History(int state, Tensor values, TokenRows extended)
    {
        _rows.CheckExtended(extended);
        ArgumentNullException.ThrowIfNull(values);
        if ((uint)state >= (uint)States.Count)
        {
            throw new ArgumentOutOfRangeException(nameof(state), state, string.Create(CultureInfo.InvariantCulture, $"state: expected 0 to {States.Count - 1}, got {state}"));
        }

        using var constants = no_grad();
        using DisposeScope scope = NewDisposeScope();
        long[] shape = values.shape;
        double[] wide = [.. values.to(ScalarType.Float64, CPU).contiguous().data<double>()];
        var recent = new double[shape[0] * (States[state].Rows + shape[1]) * States[state].Width];
        _states!.History(state, wide, extended, recent);
        return tensor(recent, [shape[0], States[state].Rows + shape[1], shape[2], shape[3]]).to(Dtype, Device).MoveToOuterDisposeScope();
    }

    /// <summary>Adds one stream's values of the new tokens behind the cached ones; they count once <see cref="Commit"/> is called.</summary>
    /// <param name="stream">Number of the stream.</param>
    /// <param name="values">[B, T, heads, width] of the new tokens; padding is not kept.</param>
    /// <param name="extended">What <see cref="Extend"/> last returned.</param>
    /// <returns>A view of cached and new values, [B, S, heads, width], good until the cache changes; what stands behind a row's keys is undefined. Of a ring a copy.</returns>
    /// <exception cref="ArgumentException">No such stream, values of another shape, type or device, or rows that are not the last extension.</exception>
    public Tensor Append(int stream, Tensor values, TokenRows extended)
    {
        CheckStream(stream);
        _rows.CheckExtended(extended);
        ArgumentNullException.ThrowIfNull(values);
        CacheStream kept = _streams[stream];
        long[] expected = [Batch, extended.Tokens, kept.Heads, kept.Width];
        if (!values.shape.AsSpan().SequenceEqual(expected) || values.dtype != Dtype || values.device_type != Device.type)
        {
            throw new ArgumentException($"values: expected {TensorText.Of(expected, Dtype, Device)} for stream '{kept.Name}', got {TensorText.Of(values)}", nameof(values));
        }

        using var constants = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor store = Reserve(stream, Enumerable.Range(0, Batch).Max(row => Length(row) + extended.Count(row)));
        bool same = Enumerable.Range(0, Batch).All(row => extended.Count(row) == extended.Tokens && Length(row) == Length(0));
        if (same)
        {
            store.narrow(1, Length(0), extended.Tokens).copy_(values);
        }
        else
        {
            for (int row = 0; row < Batch; row++)
            {
                if (extended.Count(row) > 0)
                {
                    store.select(0, row).narrow(0, Length(row), extended.Count(row)).copy_(values.select(0, row).narrow(0, 0, extended.Count(row)));
                }
            }
        }

        _rows.Append(stream);
        return (Ring is null ? store.narrow(1, 0, extended.Keys) : Shown(stream, extended.Keys, extended.KeyCount, _rows.Evicted, kept.SinkRotation)).MoveToOuterDisposeScope();
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
    }

    /// <summary>Forgets a row's tokens from <paramref name="length"/> on.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <param name="length">Tokens to keep, from 0 to <see cref="Length"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such row, or more tokens than it has.</exception>
    /// <exception cref="InvalidOperationException">A state does not keep the rows that the shorter row would have.</exception>
    public void Truncate(int row, int length)
    {
        if (_states is not null && row >= 0 && row < Batch && length >= 0 && length <= _rows.Length(row))
        {
            int removed = _rows.Length(row) - length;
            _states.CheckTruncate(row, removed, length);
            _states.Truncate(row, removed, length);
        }

        _rows.Truncate(row, length);
    }

    /// <summary>Forgets all tokens of all rows; the storage stays.</summary>
    public void Reset()
    {
        for (int row = 0; row < Batch; row++)
        {
            _states?.Truncate(row, _rows.Length(row), 0);
        }

        _rows.Reset();
    }

    /// <summary>A copy of one stream, [B, longest row, heads, width], of the tokens that are <see cref="Held"/>, as they were appended; padding is 0.</summary>
    /// <param name="stream">Number of the stream.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such stream.</exception>
    public Tensor Read(int stream)
    {
        CheckStream(stream);
        using var constants = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return Shown(stream, _rows.Longest, Held, _rows.Dropped, null).MoveToOuterDisposeScope();
    }

    /// <summary>Gives the storage back.</summary>
    public void Dispose()
    {
        for (int s = 0; s < _stores.Length; s++)
        {
            _stores[s]?.Dispose();
            _stores[s] = null;
        }

        Reset();
    }

    // Zeros, not what the allocator left: a mask hides it, but a NaN would cost the exact path of every call.
    private Tensor Reserve(int stream, int tokens)
    {
        Tensor? store = _stores[stream];
        if (store is not null && store.shape[1] >= tokens)
        {
            return store;
        }

        long capacity = Math.Max(tokens, Math.Max(FirstCapacity, store is null ? 0 : 2 * store.shape[1]));
        Tensor grown = zeros([Batch, capacity, _streams[stream].Heads, _streams[stream].Width], Dtype, Device);
        if (store is not null)
        {
            grown.narrow(1, 0, store.shape[1]).copy_(store);
        }

        grown.DetachFromDisposeScope();
        store?.Dispose();
        _stores[stream] = grown;
        return grown;
    }

    /// <summary>A copy of the tokens of each row that a ring has, [B, tokens, heads, width]; of everything without one.</summary>
    /// <param name="stream">Number of the stream.</param>
    /// <param name="tokens">Tokens per row, padding included.</param>
    /// <param name="counts">Tokens of each row.</param>
    /// <param name="left">Tokens of each row behind the sinks that are left out.</param>
    /// <param name="rotation">Turns the sinks by these, or null.</param>
    private Tensor Shown(int stream, int tokens, Func<int, int> counts, Func<int, int> left, CacheRotation? rotation)
    {
        Tensor copy = zeros([Batch, tokens, _streams[stream].Heads, _streams[stream].Width], Dtype, Device);
        for (int row = 0; row < Batch; row++)
        {
            int sinks = Math.Min(Ring?.Sinks ?? 0, counts(row));
            int rest = counts(row) - sinks;
            if (sinks > 0)
            {
                Tensor first = _stores[stream]!.select(0, row).narrow(0, 0, sinks);
                copy.select(0, row).narrow(0, 0, sinks).copy_(rotation is null || left(row) == 0 ? first : SinkTurn.Of(first, rotation, left(row)));
            }

            if (rest > 0)
            {
                copy.select(0, row).narrow(0, sinks, rest).copy_(_stores[stream]!.select(0, row).narrow(0, sinks + left(row), rest));
            }
        }

        return copy;
    }

    private void CheckStream(int stream)
    {
        if ((uint)stream >= (uint)_streams.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(stream), stream, string.Create(CultureInfo.InvariantCulture, $"stream: expected 0 to {_streams.Length - 1}, got {stream}"));
        }
    }
}
