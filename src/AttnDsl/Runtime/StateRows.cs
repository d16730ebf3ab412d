using System;
using System.ComponentModel;
using System.Globalization;

namespace AttnDsl.Runtime;

/// <summary>
/// The constant states of a layer's cache: for each the last rows of every sequence, rows of 0 before its first token. What a step adds waits until the step counts. Steps allocate nothing. Not thread-safe.
/// </summary>
/// <typeparam name="T">Scalar type.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class StateRows<T>
    where T : unmanaged
{
    private readonly CacheState[] _states;
    private readonly int _batch;

    // Per state: rows [B, capacity, width], the newest last, and those that the open step would leave.
    private readonly T[][] _kept;
    private readonly T[][] _next;
    private readonly bool[] _written;

    // Rows of each sequence that are there, and how many there would be.
    private readonly int[][] _counts;
    private readonly int[][] _nextCounts;
    private int _reserve;

    /// <summary>States without rows.</summary>
    /// <param name="batch">Rows B, at least 1.</param>
    /// <param name="states">What is kept.</param>
    /// <exception cref="ArgumentException">No sequence, or a state without rows or width.</exception>
    public StateRows(int batch, ReadOnlySpan<CacheState> states)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        _batch = batch;
        _states = states.ToArray();
        _kept = new T[states.Length][];
        _next = new T[states.Length][];
        _written = new bool[states.Length];
        _counts = new int[states.Length][];
        _nextCounts = new int[states.Length][];
        for (int s = 0; s < states.Length; s++)
        {
            if (states[s].Rows < 1 || states[s].Width < 1)
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"states: '{states[s].Name}' must have at least 1 row of width 1, got {states[s].Rows} of width {states[s].Width}"), nameof(states));
            }

            _kept[s] = new T[ArrayLength.Of(nameof(states), batch, Capacity(s), states[s].Width)];
            _next[s] = new T[_kept[s].Length];
            _counts[s] = new int[batch];
            _nextCounts[s] = new int[batch];
        }
    }

    /// <summary>The rows before a block, and the block.</summary>
    /// <param name="state">Number of the state.</param>
    /// <param name="values">[B, T, width] of the new tokens; padding is not kept.</param>
    /// <param name="extended">The step's rows.</param>
    /// <param name="recent">[B, rows + T, width], overwritten; padding is 0.</param>
    /// <exception cref="ArgumentException">No such state, or a wrong length.</exception>
    public void History(int state, ReadOnlySpan<T> values, TokenRows extended, Span<T> recent)
    {
        ArgumentNullException.ThrowIfNull(extended);
        if ((uint)state >= (uint)_states.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(state), state, string.Create(CultureInfo.InvariantCulture, $"state: expected 0 to {_states.Length - 1}, got {state}"));
        }

        (int rows, int width, int capacity) = (_states[state].Rows, _states[state].Width, Capacity(state));
        Check.Length(nameof(values), values.Length, _batch, extended.Tokens, width);
        Check.Length(nameof(recent), recent.Length, _batch, rows + extended.Tokens, width);
        for (int b = 0; b < _batch; b++)
        {
            int count = extended.Count(b);
            ReadOnlySpan<T> added = values.Slice(b * extended.Tokens * width, count * width);
            ReadOnlySpan<T> kept = _kept[state].AsSpan(b * capacity * width, capacity * width);
            Span<T> all = recent.Slice(b * (rows + extended.Tokens) * width, (rows + extended.Tokens) * width);
            kept[^(rows * width)..].CopyTo(all);
            added.CopyTo(all[(rows * width)..]);
            all[((rows + count) * width)..].Clear();

            // The newest rows of both, at the end of their room.
            Span<T> next = _next[state].AsSpan(b * capacity * width, capacity * width);
            int fresh = Math.Min(count, capacity);
            kept[(fresh * width)..].CopyTo(next);
            added[((count - fresh) * width)..].CopyTo(next[((capacity - fresh) * width)..]);
            _nextCounts[state][b] = (int)Math.Min((long)_counts[state][b] + count, capacity);
        }

        _written[state] = true;
    }

    /// <summary>Gives up what a step would have left.</summary>
    public void Abandon() => Array.Clear(_written);

    /// <summary>Throws unless the open step has written every state.</summary>
    /// <exception cref="InvalidOperationException">A state has not been written.</exception>
    public void CheckWritten()
    {
        int missing = Array.IndexOf(_written, false);
        if (missing >= 0)
        {
            throw new InvalidOperationException($"state '{_states[missing].Name}' has not been written since the cache was extended");
        }
    }

    /// <summary>The step counts.</summary>
    public void Commit()
    {
        for (int s = 0; s < _states.Length; s++)
        {
            (_kept[s], _next[s]) = (_next[s], _kept[s]);
            (_counts[s], _nextCounts[s]) = (_nextCounts[s], _counts[s]);
        }

        Abandon();
    }

    /// <summary>A dense copy of one state, [B, rows, width]: the newest last.</summary>
    /// <param name="state">Number of the state.</param>
    public T[] Read(int state)
    {
        (int rows, int width, int capacity) = (_states[state].Rows, _states[state].Width, Capacity(state));
        var dense = new T[_batch * rows * width];
        for (int b = 0; b < _batch; b++)
        {
            _kept[state].AsSpan(((b * capacity) + capacity - rows) * width, rows * width).CopyTo(dense.AsSpan(b * rows * width));
        }

        return dense;
    }

    /// <summary>Throws where the rows that a shorter sequence had are gone.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <param name="removed">Tokens to take back.</param>
    /// <param name="length">Tokens left.</param>
    /// <exception cref="InvalidOperationException">They are gone.</exception>
    public void CheckTruncate(int row, int removed, int length)
    {
        for (int s = 0; s < _states.Length && removed > 0 && length > 0; s++)
        {
            if (_counts[s][row] - removed < Math.Min(_states[s].Rows, length))
            {
                throw new InvalidOperationException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"row {row} cannot be cut by {removed} tokens to {length}: state '{_states[s].Name}' keeps the last {Capacity(s)} rows; a snapshot taken before, or Reserve({removed}), keeps what it takes"));
            }
        }
    }

    /// <summary>Takes the last tokens of a row back; all of them when <paramref name="length"/> is 0.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <param name="removed">Tokens to take back.</param>
    /// <param name="length">Tokens left.</param>
    public void Truncate(int row, int removed, int length)
    {
        for (int s = 0; s < _states.Length; s++)
        {
            (int width, int capacity) = (_states[s].Width, Capacity(s));
            Span<T> kept = _kept[s].AsSpan(row * capacity * width, capacity * width);
            int gone = length == 0 ? capacity : Math.Min(removed, capacity);
            kept[..((capacity - gone) * width)].CopyTo(kept[(gone * width)..]);
            kept[..(gone * width)].Clear();
            _counts[s][row] = length == 0 ? 0 : _counts[s][row] - gone;
        }

        Abandon();
    }

    /// <summary>Keeps so many more rows from now on, so that as many tokens can be taken back.</summary>
    /// <param name="tokens">Not negative.</param>
    public void Reserve(int tokens)
    {
        int before = _reserve;
        for (int s = 0; s < _states.Length; s++)
        {
            (int width, int old, int capacity) = (_states[s].Width, _states[s].Rows + before, _states[s].Rows + tokens);
            var kept = new T[ArrayLength.Of(nameof(tokens), _batch, capacity, width)];
            int same = Math.Min(old, capacity);
            for (int b = 0; b < _batch; b++)
            {
                _kept[s].AsSpan(((b * old) + old - same) * width, same * width).CopyTo(kept.AsSpan(((b * capacity) + capacity - same) * width));
                _counts[s][b] = Math.Min(_counts[s][b], capacity);
            }

            _kept[s] = kept;
            _next[s] = new T[kept.Length];
        }

        _reserve = tokens;
        Abandon();
    }

    /// <summary>A row becomes what another one is.</summary>
    public void Fork(int from, int to)
    {
        for (int s = 0; s < _states.Length; s++)
        {
            int size = Capacity(s) * _states[s].Width;
            _kept[s].AsSpan(from * size, size).CopyTo(_kept[s].AsSpan(to * size));
            _counts[s][to] = _counts[s][from];
        }

        Abandon();
    }

    /// <summary>Row b becomes what row rows[b] was.</summary>
    public void Arrange(ReadOnlySpan<int> rows)
    {
        for (int s = 0; s < _states.Length; s++)
        {
            int size = Capacity(s) * _states[s].Width;
            for (int b = 0; b < _batch; b++)
            {
                _kept[s].AsSpan(rows[b] * size, size).CopyTo(_next[s].AsSpan(b * size));
                _nextCounts[s][b] = _counts[s][rows[b]];
            }
        }

        Commit();
    }

    /// <summary>What the states hold, to come back to.</summary>
    public StateCopy<T> Keep() => new(Array.ConvertAll(_kept, rows => (T[])rows.Clone()), Array.ConvertAll(_counts, counts => (int[])counts.Clone()), _reserve);

    /// <summary>Comes back to a copy.</summary>
    /// <param name="copy">From <see cref="Keep"/>.</param>
    public void Restore(StateCopy<T> copy)
    {
        ArgumentNullException.ThrowIfNull(copy);
        int reserve = _reserve;
        _reserve = copy.Reserve;
        for (int s = 0; s < _states.Length; s++)
        {
            _kept[s] = (T[])copy.Kept[s].Clone();
            _next[s] = new T[_kept[s].Length];
            copy.Counts[s].CopyTo(_counts[s].AsSpan());
        }

        Reserve(reserve);
    }

    private int Capacity(int state) => _states[state].Rows + _reserve;
}

/// <summary>What <see cref="StateRows{T}"/> held at one moment.</summary>
/// <typeparam name="T">Scalar type.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class StateCopy<T>
    where T : unmanaged
{
    internal StateCopy(T[][] kept, int[][] counts, int reserve) => (Kept, Counts, Reserve) = (kept, counts, reserve);

    internal T[][] Kept { get; }

    internal int[][] Counts { get; }

    internal int Reserve { get; }
}
