using System;
using AttnDsl.Cpu;

namespace AttnDsl;

/// <summary>[B, heads, S + M, width]: sinks, then the ring that the other tokens share. See <see cref="RingBooks"/>.</summary>
internal sealed class RingStore<T, TElement>(int batch, RingBooks books, CacheStream stream) : KvStore<T>(stream), IRingStore
    where T : unmanaged
    where TElement : struct, IKvElement<T>
{
    private KvMemory<T> _memory;
    private int _slots;

    public override long Bytes => _memory.Bytes;

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
        for (int row = 0; row < batch; row++)
        {
            for (int place = 0; place < books.Held(lengths[row]); place++)
            {
                int token = books.HeldToken(lengths[row], place);
                for (int head = 0; head < Stream.Heads; head++)
                {
                    Vector(_memory, _slots, sources.IsEmpty ? row : sources[row], head, token).CopyTo(Vector(memory, slots, row, head, token));
                }
            }
        }

        _memory = memory;
        _slots = slots;
    }

    public void Copy(int from, int to)
    {
        int row = Stream.Heads * (books.Ring.Sinks + _slots) * Stream.Width;
        _memory.Values.Slice(checked(from * row), row).CopyTo(_memory.Values[checked(to * row)..]);
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

    public void Load(Array saved, ReadOnlySpan<int> lengths) => Each((T[])saved, lengths, static (kept, stored) => kept.CopyTo(stored));

    public override void Write(int row, int start, int count, ReadOnlySpan<float> values)
    {
        int width = Stream.Width;
        for (int token = 0; token < count; token++)
        {
            for (int head = 0; head < Stream.Heads; head++)
            {
                TElement.Store(values.Slice(((token * Stream.Heads) + head) * width, width), Vector(_memory, _slots, row, head, start + token));
            }
        }
    }

    public override void Read(int row, int token, Span<float> values)
    {
        for (int head = 0; head < Stream.Heads; head++)
        {
            TElement.Load(Vector(_memory, _slots, row, head, token), values.Slice(head * Stream.Width, Stream.Width));
        }
    }

    private void Each(T[] saved, ReadOnlySpan<int> lengths, Move move)
    {
        Span<T> rest = saved;
        for (int row = 0; row < batch; row++)
        {
            for (int place = 0; place < books.Held(lengths[row]); place++)
            {
                for (int head = 0; head < Stream.Heads; head++)
                {
                    move(rest[..Stream.Width], Vector(_memory, _slots, row, head, books.HeldToken(lengths[row], place)));
                    rest = rest[Stream.Width..];
                }
            }
        }
    }

    private delegate void Move(Span<T> kept, Span<T> stored);

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

    /// <summary>A copy of what rows of such lengths hold.</summary>
    Array Save(ReadOnlySpan<int> lengths);

    /// <summary>Puts a copy back.</summary>
    void Load(Array saved, ReadOnlySpan<int> lengths);
}
