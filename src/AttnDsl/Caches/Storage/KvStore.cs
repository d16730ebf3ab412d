using System;
using System.Globalization;
using AttnDsl.Cpu;

namespace AttnDsl;

/// <summary>The memory of one stream. Where a token lies in it is up to the placement.</summary>
internal abstract class KvStore(CacheStream stream)
{
    public CacheStream Stream { get; } = stream;

    public abstract long Bytes { get; }

    /// <summary>Writes tokens [count, heads, width] of a row from token <paramref name="start"/> on.</summary>
    public abstract void Write(int row, int start, int count, ReadOnlySpan<float> values);

    /// <summary>Reads one token of a row, [heads, width].</summary>
    public abstract void Read(int row, int token, Span<float> values);

    /// <summary>Reads one token of a row as the present step sees it, [heads, width].</summary>
    public virtual void ReadSeen(int row, int token, Span<float> values) => Read(row, token, values);

    /// <summary>Elements of <paramref name="units"/> blocks of [heads, <paramref name="tokens"/>, width].</summary>
    /// <exception cref="ArgumentException">One block of memory cannot be that large.</exception>
    protected int Elements(string unit, int units, int tokens)
    {
        long elements = (long)units * Stream.Heads;
        long limit = KvMemory<byte>.Most;
        if (elements > limit / Stream.Width || elements * Stream.Width > limit / Math.Max(tokens, 1))
        {
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"capacity: stream '{Stream.Name}' of {tokens} tokens{unit}, [{units}, {Stream.Heads}, {tokens}, {Stream.Width}], does not fit in one block of at most {limit} elements"),
                "capacity");
        }

        return (int)(elements * Stream.Width * tokens);
    }
}

/// <summary>A stream stored as <typeparamref name="T"/>.</summary>
internal abstract class KvStore<T>(CacheStream stream) : KvStore(stream)
    where T : unmanaged
{
    public abstract HeadRows<T> View { get; }
}
