using System;
using System.Globalization;
using AttnDsl.Cpu;

namespace AttnDsl;

/// <summary>
/// A row's first tokens as codes, [B, heads, units, unitWords], the others as scalars, [B, heads, room, width], from its base on. The border between them moves when a step is committed.
/// The room is twice the residual, so that scalars are moved to its front once in a residual of tokens; a longer block has more room as long as its step is open.
/// </summary>
internal sealed class QuantizedStore<T, TElement> : KvStore<T>, IContiguousStore, IBorderedStore
    where T : unmanaged
    where TElement : struct, IKvElement<T>
{
    private readonly int _batch;
    private readonly QuantizedLayout _layout;
    private readonly QuantizedRows _rows;
    private readonly float[] _unit;
    private KvMemory<int> _codes;
    private KvMemory<T> _scalars;
    private int _capacity;
    private int _perHead;
    private int _room;
    private int _lag;

    public QuantizedStore(int batch, CacheStream stream)
        : base(stream)
    {
        _batch = batch;
        _layout = new QuantizedLayout(stream);
        _rows = new QuantizedRows(_layout, batch, stream.Heads);
        _unit = new float[_layout.Unit * stream.Width];
    }

    public override long Bytes => _codes.Bytes + _scalars.Bytes;

    public override HeadRows<T> View
    {
        get
        {
            long head = (long)_room * Stream.Width;
            return new HeadRows<T>(_scalars.Values, head * Stream.Heads, Stream.Width, head) { Quantized = _rows };
        }
    }

    private CacheQuantization Quantization => _layout.Quantization;

    private int[] Borders => _rows.Borders;

    private int[] Bases => _rows.Bases;

    /// <summary>Room for scalars between steps.</summary>
    private int UsualRoom => (int)Math.Min(_capacity, (2L * Quantization.Residual) + _lag);

    public void Grow(int capacity, ReadOnlySpan<int> lengths)
    {
        int before = _capacity;
        _capacity = capacity;
        try
        {
            Rebuild(default, lengths);
        }
        catch
        {
            _capacity = before;
            throw;
        }
    }

    public void Arrange(ReadOnlySpan<int> sources, ReadOnlySpan<int> lengths) => Rebuild(sources, lengths);

    public void Copy(int from, int to, int length)
    {
        int border = Borders[from];
        for (int head = 0; head < Stream.Heads; head++)
        {
            Units(from, head, border).CopyTo(Units(to, head, border));
            if (length > border)
            {
                Scalars(_scalars, from, head, border - Bases[from], length - border).CopyTo(Scalars(_scalars, to, head, 0, length - border));
            }
        }

        Borders[to] = border;
        Bases[to] = border;
    }

    public Array Save(ReadOnlySpan<int> lengths)
    {
        var saved = new object[1 + (2 * _batch * Stream.Heads)];
        saved[0] = Borders.Clone();
        for (int row = 0, place = 1; row < _batch; row++)
        {
            for (int head = 0; head < Stream.Heads; head++)
            {
                saved[place++] = Units(row, head, Borders[row]).ToArray();
                saved[place++] = lengths[row] > Borders[row] ? Scalars(_scalars, row, head, Borders[row] - Bases[row], lengths[row] - Borders[row]).ToArray() : [];
            }
        }

        return saved;
    }

    public void Load(Array saved, ReadOnlySpan<int> lengths)
    {
        var parts = (object[])saved;
        var borders = (int[])parts[0];
        int needed = 0;
        for (int row = 0; row < _batch; row++)
        {
            needed = Math.Max(needed, lengths[row] - borders[row]);
        }

        if (needed > _room)
        {
            // What the rows hold now is of no account.
            Place(_codes, _perHead, new KvMemory<T>(Elements("", _batch, needed)), needed);
        }

        borders.CopyTo(Borders.AsSpan());
        borders.CopyTo(Bases.AsSpan());
        for (int row = 0, place = 1; row < _batch; row++)
        {
            for (int head = 0; head < Stream.Heads; head++)
            {
                ((int[])parts[place++]).CopyTo(Units(row, head, borders[row]));
                var scalars = (T[])parts[place++];
                if (scalars.Length > 0)
                {
                    scalars.CopyTo(Scalars(_scalars, row, head, 0, lengths[row] - borders[row]));
                }
            }
        }
    }

    public void Prepare(ReadOnlySpan<int> lengths, ReadOnlySpan<int> added)
    {
        int needed = 0;
        for (int row = 0; row < _batch; row++)
        {
            needed = Math.Max(needed, lengths[row] - Borders[row] + added[row]);
        }

        if (needed > _room)
        {
            MoveTo(needed, lengths);
        }

        for (int row = 0; row < _batch; row++)
        {
            if (lengths[row] + added[row] - Bases[row] > _room)
            {
                int kept = lengths[row] - Borders[row];
                for (int head = 0; head < Stream.Heads && kept > 0; head++)
                {
                    Scalars(_scalars, row, head, Borders[row] - Bases[row], kept).CopyTo(Scalars(_scalars, row, head, 0, kept));
                }

                Bases[row] = Borders[row];
            }
        }
    }

    public void Delay(int tokens, ReadOnlySpan<int> lengths)
    {
        int before = _lag;
        _lag = tokens;
        int needed = UsualRoom;
        for (int row = 0; row < _batch; row++)
        {
            needed = (int)Math.Max(needed, Math.Min(_capacity - Borders[row], (long)lengths[row] - Borders[row] + tokens));
        }

        if (needed > _room)
        {
            try
            {
                MoveTo(needed, lengths);
            }
            catch
            {
                _lag = before;
                throw;
            }
        }
    }

    public void Settle(ReadOnlySpan<int> lengths)
    {
        int needed = 0;
        for (int row = 0; row < _batch; row++)
        {
            int border = Quantization.Border(Math.Max(0, lengths[row] - _lag));
            for (; Borders[row] < border; Borders[row] += _layout.Unit)
            {
                EncodeUnit(row);
            }

            needed = Math.Max(needed, lengths[row] - Borders[row]);
        }

        if (_room > UsualRoom && needed <= UsualRoom)
        {
            MoveTo(UsualRoom, lengths);
        }
    }

    public bool Keeps(int row, int length) => length == 0 || length >= Borders[row];

    public void Forget(int row)
    {
        Borders[row] = 0;
        Bases[row] = 0;
    }

    public override void Write(int row, int start, int count, ReadOnlySpan<float> values)
    {
        int width = Stream.Width;
        for (int head = 0; head < Stream.Heads; head++)
        {
            Span<T> to = Scalars(_scalars, row, head, start - Bases[row], count);
            for (int token = 0; token < count; token++)
            {
                TElement.Store(values.Slice(((token * Stream.Heads) + head) * width, width), to.Slice(token * width, width));
            }
        }
    }

    public override unsafe void Read(int row, int token, Span<float> values)
    {
        fixed (float* first = values)
        {
            for (int head = 0; head < Stream.Heads; head++)
            {
                if (token < Borders[row])
                {
                    // What the codes say, whatever the element of the scalars.
                    _rows.Read(row, token, 1, head, first + (head * Stream.Width));
                }
                else
                {
                    TElement.Load(Scalars(_scalars, row, head, token - Bases[row], 1), values.Slice(head * Stream.Width, Stream.Width));
                }
            }
        }
    }

    private void EncodeUnit(int row)
    {
        int border = Borders[row];
        for (int head = 0; head < Stream.Heads; head++)
        {
            TElement.Load(Scalars(_scalars, row, head, border - Bases[row], _layout.Unit), _unit);
            _layout.Encode(_unit, _codes.Values.Slice(Word(row, head, border / _layout.Unit), _layout.UnitWords));
        }
    }

    /// <summary>New memory for the present capacity, row b of which holds what row sources[b] held: lengths are those of the new rows.</summary>
    private void Rebuild(ReadOnlySpan<int> sources, ReadOnlySpan<int> lengths)
    {
        int perHead = Quantization.Border(_capacity) / _layout.Unit;
        int room = UsualRoom;
        var borders = new int[_batch];
        for (int row = 0; row < _batch; row++)
        {
            borders[row] = Borders[sources.IsEmpty ? row : sources[row]];
            room = Math.Max(room, lengths[row] - borders[row]);
        }

        var codes = new KvMemory<int>(Words(perHead));
        var scalars = new KvMemory<T>(Elements("", _batch, room));
        for (int row = 0; row < _batch; row++)
        {
            int source = sources.IsEmpty ? row : sources[row];
            int kept = lengths[row] - borders[row];
            for (int head = 0; head < Stream.Heads; head++)
            {
                long to = (((long)row * Stream.Heads) + head) * perHead * _layout.UnitWords;
                Units(source, head, borders[row]).CopyTo(codes.Values[(int)to..]);
                if (kept > 0)
                {
                    Scalars(_scalars, source, head, borders[row] - Bases[source], kept).CopyTo(scalars.Values[((((row * Stream.Heads) + head) * room) * Stream.Width)..]);
                }
            }
        }

        borders.CopyTo(Borders.AsSpan());
        borders.CopyTo(Bases.AsSpan());
        Place(codes, perHead, scalars, room);
    }

    /// <summary>Other room for the same scalars.</summary>
    private void MoveTo(int room, ReadOnlySpan<int> lengths)
    {
        var scalars = new KvMemory<T>(Elements("", _batch, room));
        for (int row = 0; row < _batch; row++)
        {
            int kept = lengths[row] - Borders[row];
            for (int head = 0; head < Stream.Heads && kept > 0; head++)
            {
                Scalars(_scalars, row, head, Borders[row] - Bases[row], kept).CopyTo(scalars.Values[((((row * Stream.Heads) + head) * room) * Stream.Width)..]);
            }

            Bases[row] = Borders[row];
        }

        Place(_codes, _perHead, scalars, room);
    }

    private void Place(in KvMemory<int> codes, int perHead, in KvMemory<T> scalars, int room)
    {
        _codes = codes;
        _perHead = perHead;
        _scalars = scalars;
        _room = room;
        _rows.Become(codes, perHead, room);
    }

    private int Words(int perHead)
    {
        long words = (long)_batch * Stream.Heads * perHead;
        return words <= KvMemory<int>.Most / _layout.UnitWords
            ? (int)words * _layout.UnitWords
            : throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"capacity: the codes of stream '{Stream.Name}' of {_capacity} tokens do not fit in one block of at most {KvMemory<int>.Most} int32s"), "capacity");
    }

    private int Word(int row, int head, int unit) => checked(((((row * Stream.Heads) + head) * _perHead) + unit) * _layout.UnitWords);

    /// <summary>The units of a head's first tokens.</summary>
    private Span<int> Units(int row, int head, int tokens) => tokens == 0 ? default : _codes.Values.Slice(Word(row, head, 0), tokens / _layout.Unit * _layout.UnitWords);

    private Span<T> Scalars(in KvMemory<T> memory, int row, int head, int place, int count) =>
        memory.Values.Slice(checked(((((row * Stream.Heads) + head) * _room) + place) * Stream.Width), count * Stream.Width);
}

/// <summary>What a placement does with stores whose tokens change their form when they are old enough.</summary>
internal interface IBorderedStore
{
    /// <summary>Room for the tokens of a step.</summary>
    void Prepare(ReadOnlySpan<int> lengths, ReadOnlySpan<int> added);

    /// <summary>From now on the last tokens may be taken back: borders stay as many tokens behind.</summary>
    void Delay(int tokens, ReadOnlySpan<int> lengths);

    /// <summary>A step counts: borders move.</summary>
    void Settle(ReadOnlySpan<int> lengths);

    /// <summary>Whether the first tokens of a row can be kept without the others.</summary>
    bool Keeps(int row, int length);

    /// <summary>A row is empty.</summary>
    void Forget(int row);
}
