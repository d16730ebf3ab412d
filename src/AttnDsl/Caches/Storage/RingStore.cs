using System;
using AttnDsl.Cpu;

namespace AttnDsl;

/// <summary>
/// [B, heads, S + M, width]: sinks, then the ring that the other tokens share. See <see cref="RingBooks"/>. Where sinks turn, their places hold them as the present step sees them, and [B, heads, S, width] beside holds them as they
/// were appended: turning what was turned before would round again at every step.
/// </summary>
internal sealed class RingStore<T, TElement>(int batch, RingBooks books, CacheStream stream) : KvStore<T>(stream), IRingStore
    where T : unmanaged
    where TElement : struct, IKvElement<T>
{
    private readonly CacheRotation? _rotation = books.Ring.Sinks > 0 ? stream.SinkRotation : null;

    // The tokens by which each row's sinks are turned in their places; -1: they are not there.
    private readonly int[] _turned = new int[batch];
    private float[] _turning = [];
    private KvMemory<T> _memory;
    private KvMemory<T> _originals;
    private int _slots;

    public override long Bytes => _memory.Bytes + _originals.Bytes;

    public override HeadRows<T> View
    {
        get
        {
            long head = (long)(books.Ring.Sinks + _slots) * Stream.Width;
            return HeadRows<T>.Ring(_memory.Values, books.Starts, books.Ring.Sinks, _slots, head * Stream.Heads, Stream.Width, head);
        }
    }

    public void Rebuild(int slots, ReadOnlySpan<int> sources, ReadOnlySpan<int> lengths)
    {
        var memory = new KvMemory<T>(Elements("", batch, books.Ring.Sinks + slots));
        KvMemory<T> originals = _rotation is null ? default : new KvMemory<T>(Elements("", batch, books.Ring.Sinks));
        for (int row = 0; row < batch; row++)
        {
            for (int place = 0; place < books.Held(lengths[row]); place++)
            {
                int token = books.HeldToken(lengths[row], place);
                for (int head = 0; head < Stream.Heads; head++)
                {
                    Kept(_memory, _originals, _slots, sources.IsEmpty ? row : sources[row], head, token).CopyTo(Kept(memory, originals, slots, row, head, token));
                }
            }
        }

        if (_rotation is not null && _turning.Length == 0)
        {
            _turning = new float[Elements("", 1, books.Ring.Sinks)];
        }

        _memory = memory;
        _originals = originals;
        _slots = slots;
        Array.Fill(_turned, -1);
    }

    public void Copy(int from, int to)
    {
        Copy(_memory.Values, Stream.Heads * (books.Ring.Sinks + _slots) * Stream.Width, from, to);
        if (_rotation is not null)
        {
            Copy(_originals.Values, Stream.Heads * books.Ring.Sinks * Stream.Width, from, to);
        }

        _turned[to] = _turned[from];
    }

    public void Turn(int row, int tokens, int sinks)
    {
        if (_rotation is null || _turned[row] == tokens)
        {
            return;
        }

        int width = Stream.Width;
        Span<float> turning = _turning.AsSpan(0, Stream.Heads * sinks * width);
        for (int n = 0; n < Stream.Heads * sinks; n++)
        {
            TElement.Load(Original(_originals, row, n / sinks, n % sinks), turning.Slice(n * width, width));
        }

        _rotation.Turn(turning, width, tokens);
        for (int n = 0; n < Stream.Heads * sinks; n++)
        {
            TElement.Store(turning.Slice(n * width, width), Vector(_memory, _slots, row, n / sinks, n % sinks));
        }

        _turned[row] = tokens;
    }

    public Array Save(ReadOnlySpan<int> lengths)
    {
        long total = 0;
        foreach (int length in lengths)
        {
            total += books.Held(length) * Stream.ScalarsPerToken;
        }

        var saved = new T[total];
        Each(saved, lengths, static (kept, stored) => stored.CopyTo(kept));
        return saved;
    }

    public void Load(Array saved, ReadOnlySpan<int> lengths)
    {
        Each((T[])saved, lengths, static (kept, stored) => kept.CopyTo(stored));
        Array.Fill(_turned, -1);
    }

    public override void Write(int row, int start, int count, ReadOnlySpan<float> values)
    {
        int width = Stream.Width;
        for (int token = 0; token < count; token++)
        {
            for (int head = 0; head < Stream.Heads; head++)
            {
                ReadOnlySpan<float> vector = values.Slice(((token * Stream.Heads) + head) * width, width);
                TElement.Store(vector, Vector(_memory, _slots, row, head, start + token));
                if (_rotation is not null && start + token < books.Ring.Sinks)
                {
                    // A row that still takes sinks has let go of nothing: they lie in their places as they are.
                    TElement.Store(vector, Original(_originals, row, head, start + token));
                }
            }
        }
    }

    public override void Read(int row, int token, Span<float> values)
    {
        for (int head = 0; head < Stream.Heads; head++)
        {
            TElement.Load(Kept(_memory, _originals, _slots, row, head, token), values.Slice(head * Stream.Width, Stream.Width));
        }
    }

    public override void ReadSeen(int row, int token, Span<float> values)
    {
        for (int head = 0; head < Stream.Heads; head++)
        {
            TElement.Load(Vector(_memory, _slots, row, head, token), values.Slice(head * Stream.Width, Stream.Width));
        }
    }

    private static void Copy(Span<T> rows, int size, int from, int to) => rows.Slice(checked(from * size), size).CopyTo(rows[checked(to * size)..]);

    private void Each(T[] saved, ReadOnlySpan<int> lengths, Move move)
    {
        Span<T> rest = saved;
        for (int row = 0; row < batch; row++)
        {
            for (int place = 0; place < books.Held(lengths[row]); place++)
            {
                for (int head = 0; head < Stream.Heads; head++)
                {
                    move(rest[..Stream.Width], Kept(_memory, _originals, _slots, row, head, books.HeldToken(lengths[row], place)));
                    rest = rest[Stream.Width..];
                }
            }
        }
    }

    private delegate void Move(Span<T> kept, Span<T> stored);

    /// <summary>What a token was appended as.</summary>
    private Span<T> Kept(KvMemory<T> memory, KvMemory<T> originals, int slots, int row, int head, int token) =>
        _rotation is not null && token < books.Ring.Sinks ? Original(originals, row, head, token) : Vector(memory, slots, row, head, token);

    private Span<T> Original(KvMemory<T> originals, int row, int head, int sink) =>
        originals.Values.Slice(((((row * Stream.Heads) + head) * books.Ring.Sinks) + sink) * Stream.Width, Stream.Width);

    private Span<T> Vector(KvMemory<T> memory, int slots, int row, int head, int token) =>
        memory.Values.Slice(checked(((((row * Stream.Heads) + head) * (books.Ring.Sinks + slots)) + books.Place(token, slots)) * Stream.Width), Stream.Width);
}

/// <summary>What a ring's placement does with stores of any element.</summary>
internal interface IRingStore
{
    /// <summary>Another number of slots, and row b becomes what row sources[b] was (none: itself). Lengths are those of the new rows; what rows of such lengths hold is kept. Throws before anything changes.</summary>
    void Rebuild(int slots, ReadOnlySpan<int> sources, ReadOnlySpan<int> lengths);

    /// <summary>Copies a row to another row.</summary>
    void Copy(int from, int to);

    /// <summary>Puts a row's first sinks in their places as they are when so many tokens have been let go of.</summary>
    void Turn(int row, int tokens, int sinks);

    /// <summary>A copy of what rows of such lengths hold.</summary>
    Array Save(ReadOnlySpan<int> lengths);

    /// <summary>Puts a copy back.</summary>
    void Load(Array saved, ReadOnlySpan<int> lengths);
}
