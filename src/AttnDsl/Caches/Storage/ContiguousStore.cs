using System;
using AttnDsl.Cpu;

namespace AttnDsl;

/// <summary>[B, heads, capacity, width], head-major, so that one head's tokens are read in one go.</summary>
internal sealed class ContiguousStore<T, TElement>(int batch, CacheStream stream) : KvStore<T>(stream), IContiguousStore
    where T : unmanaged
    where TElement : struct, IKvElement<T>
{
    private KvMemory<T> _memory;
    private int _capacity;

    public override long Bytes => _memory.Bytes;

    public override HeadRows<T> View
    {
        get
        {
            long head = (long)_capacity * Stream.Width;
            return new HeadRows<T>(_memory.Values, head * Stream.Heads, Stream.Width, head);
        }
    }

    public void Grow(int capacity, ReadOnlySpan<int> lengths) => Rebuild(capacity, default, lengths);

    public void Arrange(ReadOnlySpan<int> sources, ReadOnlySpan<int> lengths) => Rebuild(_capacity, sources, lengths);

    public void Copy(int from, int to, int length)
    {
        for (int head = 0; head < Stream.Heads; head++)
        {
            Tokens(from, head, 0, length).CopyTo(Tokens(to, head, 0, length));
        }
    }

    public Array Save(ReadOnlySpan<int> lengths)
    {
        long total = 0;
        foreach (int length in lengths)
        {
            total += length * Stream.ScalarsPerToken;
        }

        var saved = new T[total];
        Span<T> rest = saved;
        for (int row = 0; row < batch; row++)
        {
            for (int head = 0; head < Stream.Heads && lengths[row] > 0; head++)
            {
                Span<T> tokens = Tokens(row, head, 0, lengths[row]);
                tokens.CopyTo(rest);
                rest = rest[tokens.Length..];
            }
        }

        return saved;
    }

    public void Load(Array saved, ReadOnlySpan<int> lengths)
    {
        ReadOnlySpan<T> rest = (T[])saved;
        for (int row = 0; row < batch; row++)
        {
            for (int head = 0; head < Stream.Heads && lengths[row] > 0; head++)
            {
                Span<T> tokens = Tokens(row, head, 0, lengths[row]);
                rest[..tokens.Length].CopyTo(tokens);
                rest = rest[tokens.Length..];
            }
        }
    }

    public override void Write(int row, int start, int count, ReadOnlySpan<float> values)
    {
        int width = Stream.Width;
        for (int head = 0; head < Stream.Heads; head++)
        {
            Span<T> to = Tokens(row, head, start, count);
            for (int token = 0; token < count; token++)
            {
                TElement.Store(values.Slice(((token * Stream.Heads) + head) * width, width), to.Slice(token * width, width));
            }
        }
    }

    public override void Read(int row, int token, Span<float> values)
    {
        for (int head = 0; head < Stream.Heads; head++)
        {
            TElement.Load(Tokens(row, head, token, 1), values.Slice(head * Stream.Width, Stream.Width));
        }
    }

    /// <summary>New memory, row b of which holds what row sources[b] held: lengths are those of the new rows.</summary>
    private void Rebuild(int capacity, ReadOnlySpan<int> sources, ReadOnlySpan<int> lengths)
    {
        var memory = new KvMemory<T>(Elements("", batch, capacity));
        Span<T> values = memory.Values;
        for (int row = 0; row < batch; row++)
        {
            for (int head = 0; head < Stream.Heads && lengths[row] > 0; head++)
            {
                Tokens(sources.IsEmpty ? row : sources[row], head, 0, lengths[row]).CopyTo(values[(((row * Stream.Heads) + head) * capacity * Stream.Width)..]);
            }
        }

        _memory = memory;
        _capacity = capacity;
    }

    private Span<T> Tokens(int row, int head, int token, int count) =>
        _memory.Values.Slice(checked(((((row * Stream.Heads) + head) * _capacity) + token) * Stream.Width), count * Stream.Width);
}

/// <summary>What a contiguous placement does with stores of any element.</summary>
internal interface IContiguousStore
{
    /// <summary>More room; the first <paramref name="lengths"/> tokens of the rows are kept. Throws before anything changes.</summary>
    void Grow(int capacity, ReadOnlySpan<int> lengths);

    /// <summary>Row b becomes what row sources[b] was; lengths are those of the new rows.</summary>
    void Arrange(ReadOnlySpan<int> sources, ReadOnlySpan<int> lengths);

    /// <summary>Copies a row's first tokens to another row.</summary>
    void Copy(int from, int to, int length);

    /// <summary>A copy of the rows' first tokens.</summary>
    Array Save(ReadOnlySpan<int> lengths);

    /// <summary>Puts a copy back.</summary>
    void Load(Array saved, ReadOnlySpan<int> lengths);
}
