using System;
using System.Globalization;

using AttnDsl.Cpu;

namespace AttnDsl;

/// <summary>One stream of a contiguous cache: [B, heads, capacity, width], head-major, so that one head's tokens are read in one go.</summary>
internal abstract class KvStore
{
    private const int Alignment = 64;

    protected KvStore(int batch, CacheStream stream)
    {
        Batch = batch;
        Stream = stream;
    }

    public CacheStream Stream { get; }

    public abstract long Bytes { get; }

    protected int Batch { get; }

    protected int Capacity { get; set; }

    /// <summary>More room; the first <paramref name="lengths"/> tokens of the rows are kept. Throws before anything changes.</summary>
    public abstract void Grow(int capacity, ReadOnlySpan<int> lengths);

    /// <summary>Writes tokens [count, heads, width] of a row from token <paramref name="start"/> on.</summary>
    public abstract void Write(int row, int start, int count, ReadOnlySpan<float> values);

    /// <summary>Reads one token of a row, [heads, width].</summary>
    public abstract void Read(int row, int token, Span<float> values);

    protected int HeadStart(int row, int head, int token) => checked(((((row * Stream.Heads) + head) * Capacity) + token) * Stream.Width);

    /// <summary>A block whose first element lies on a cache line; it never moves.</summary>
    protected static unsafe T[] Allocate<T>(int elements, out int start)
        where T : unmanaged
    {
        T[] memory = GC.AllocateUninitializedArray<T>(elements + (Alignment / sizeof(T)), pinned: true);
        fixed (T* first = memory)
        {
            start = (int)((Alignment - ((nuint)first % Alignment)) % Alignment / (nuint)sizeof(T));
        }

        return memory;
    }

    protected int Elements(int capacity)
    {
        // Leaves room for the alignment.
        long elements = (long)Batch * Stream.Heads;
        long limit = Array.MaxLength - Alignment;
        if (elements > limit / Stream.Width || elements * Stream.Width > limit / Math.Max(capacity, 1))
        {
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"capacity: stream '{Stream.Name}' of {capacity} tokens, [{Batch}, {Stream.Heads}, {capacity}, {Stream.Width}], does not fit in one block of at most {limit} elements"),
                nameof(capacity));
        }

        return (int)(elements * Stream.Width * capacity);
    }
}

/// <summary>A stream stored as <typeparamref name="T"/>.</summary>
internal abstract class KvStore<T>(int batch, CacheStream stream) : KvStore(batch, stream)
    where T : unmanaged
{
    private T[] _memory = [];
    private int _start;
    private int _length;

    public override unsafe long Bytes => (long)_length * sizeof(T);

    public HeadRows<T> View
    {
        get
        {
            long head = (long)Capacity * Stream.Width;
            return new HeadRows<T>(Values, head * Stream.Heads, Stream.Width, head);
        }
    }

    protected Span<T> Values => _memory.AsSpan(_start, _length);

    public override void Grow(int capacity, ReadOnlySpan<int> lengths)
    {
        int length = Elements(capacity);
        T[] grown = Allocate<T>(length, out int start);
        for (int row = 0; row < Batch; row++)
        {
            for (int head = 0; head < Stream.Heads; head++)
            {
                int to = start + (((row * Stream.Heads) + head) * capacity * Stream.Width);
                Values.Slice(HeadStart(row, head, 0), lengths[row] * Stream.Width).CopyTo(grown.AsSpan(to));
            }
        }

        _memory = grown;
        _start = start;
        _length = length;
        Capacity = capacity;
    }

    public override void Write(int row, int start, int count, ReadOnlySpan<float> values)
    {
        int width = Stream.Width;
        for (int head = 0; head < Stream.Heads; head++)
        {
            Span<T> to = Values.Slice(HeadStart(row, head, start), count * width);
            for (int token = 0; token < count; token++)
            {
                Store(values.Slice(((token * Stream.Heads) + head) * width, width), to.Slice(token * width, width));
            }
        }
    }

    public override void Read(int row, int token, Span<float> values)
    {
        for (int head = 0; head < Stream.Heads; head++)
        {
            Load(Values.Slice(HeadStart(row, head, token), Stream.Width), values.Slice(head * Stream.Width, Stream.Width));
        }
    }

    protected abstract void Store(ReadOnlySpan<float> values, Span<T> stored);

    protected abstract void Load(ReadOnlySpan<T> stored, Span<float> values);
}

/// <summary>As they are.</summary>
internal sealed class SingleStore(int batch, CacheStream stream) : KvStore<float>(batch, stream)
{
    protected override void Store(ReadOnlySpan<float> values, Span<float> stored) => values.CopyTo(stored);

    protected override void Load(ReadOnlySpan<float> stored, Span<float> values) => stored.CopyTo(values);
}

/// <summary>Rounded to bfloat16.</summary>
internal sealed class BFloat16Store(int batch, CacheStream stream) : KvStore<ushort>(batch, stream)
{
    protected override void Store(ReadOnlySpan<float> values, Span<ushort> stored) => KvBFloat16.Round(values, stored);

    protected override void Load(ReadOnlySpan<ushort> stored, Span<float> values) => KvBFloat16.Widen(stored, values);
}
