using System;
using System.Globalization;

namespace AttnDsl;

/// <summary>Every row has its own room for the same number of tokens.</summary>
internal sealed class ContiguousPlacement : KvPlacement
{
    private const int FirstCapacity = 16;

    private readonly int _batch;
    private readonly bool _growing;
    private int _capacity;

    public ContiguousPlacement(int batch, int? capacity)
    {
        _batch = batch;
        _growing = capacity is null;
        _capacity = capacity ?? 0;
    }

    public override int Capacity => _capacity;

    public override void MakeRoom(string parameter, ReadOnlySpan<int> lengths, ReadOnlySpan<int> added, bool kept)
    {
        int needed = 0;
        for (int row = 0; row < _batch; row++)
        {
            needed = Math.Max(needed, Needed(parameter, row, lengths[row], added[row]));
        }

        if (needed > _capacity)
        {
            GrowTo(kept ? needed : (int)Math.Max(needed, Math.Max(FirstCapacity, Math.Min(2L * _capacity, MostTokens()))), lengths);
        }

        foreach (KvStore store in Stores)
        {
            if (store is IBorderedStore bordered)
            {
                if (kept)
                {
                    bordered.Delay(added[0], lengths);
                }
                else
                {
                    bordered.Prepare(lengths, added);
                }
            }
        }
    }

    public override void CheckTrim(int row, int length)
    {
        foreach (KvStore store in Stores)
        {
            if (store is IBorderedStore bordered && !bordered.Keeps(row, length))
            {
                throw new InvalidOperationException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"row {row} cannot be cut to {length} tokens: later ones of stream '{store.Stream.Name}' are quantized and their scalars are lost; call Reserve(n) before a step of which up to n tokens may be taken back, or come back to a snapshot"));
            }
        }
    }

    public override void Settle(ReadOnlySpan<int> lengths)
    {
        foreach (KvStore store in Stores)
        {
            (store as IBorderedStore)?.Settle(lengths);
        }
    }

    public override void Trim(int row, int length)
    {
        foreach (KvStore store in Stores)
        {
            if (length == 0)
            {
                (store as IBorderedStore)?.Forget(row);
            }
        }
    }

    public override void Fork(int from, int to, int length)
    {
        foreach (KvStore store in Stores)
        {
            ((IContiguousStore)store).Copy(from, to, length);
        }
    }

    public override void Arrange(ReadOnlySpan<int> sources, ReadOnlySpan<int> lengths)
    {
        foreach (KvStore store in Stores)
        {
            ((IContiguousStore)store).Arrange(sources, lengths);
        }
    }

    public override KvKept Keep(ReadOnlySpan<int> lengths)
    {
        var kept = new Array[Stores.Length];
        for (int s = 0; s < kept.Length; s++)
        {
            kept[s] = ((IContiguousStore)Stores[s]).Save(lengths);
        }

        return new Copies(kept);
    }

    public override void Restore(KvKept kept, ReadOnlySpan<int> lengths)
    {
        Array[] copies = ((Copies)kept).OfStreams;
        for (int s = 0; s < copies.Length; s++)
        {
            ((IContiguousStore)Stores[s]).Load(copies[s], lengths);
        }
    }

    protected override KvStore Create(CacheElement element, CacheStream stream)
    {
        KvStore store = stream.Quantization is not null
            ? element == CacheElement.Float32 ? new QuantizedStore<float, SingleElement>(_batch, stream) : new QuantizedStore<ushort, BFloat16Element>(_batch, stream)
            : element == CacheElement.Float32 ? new ContiguousStore<float, SingleElement>(_batch, stream) : new ContiguousStore<ushort, BFloat16Element>(_batch, stream);
        if (_capacity > 0)
        {
            ((IContiguousStore)store).Grow(_capacity, new int[_batch]);
        }

        return store;
    }

    private void GrowTo(int capacity, ReadOnlySpan<int> lengths)
    {
        // Stores that have grown before a later one fails hold the same tokens; only the common capacity decides.
        foreach (KvStore store in Stores)
        {
            ((IContiguousStore)store).Grow(capacity, lengths);
        }

        _capacity = capacity;
    }

    /// <summary>Tokens a row would hold with more of them, if that is possible.</summary>
    private int Needed(string parameter, int row, int length, int tokens)
    {
        int most = _growing ? Array.MaxLength : _capacity;
        long needed = (long)length + tokens;
        return needed <= most
            ? (int)needed
            : throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"{parameter}: row {row} holds {length} tokens of a capacity of {most} and takes {most - length} more, got {tokens}"),
                parameter);
    }

    /// <summary>What the largest stream leaves room for: doubling stops there.</summary>
    private long MostTokens()
    {
        long most = Array.MaxLength;
        foreach (KvStore store in Stores)
        {
            most = Math.Min(most, KvMemory<byte>.Most / (_batch * store.Stream.ScalarsPerToken));
        }

        return most;
    }

    internal sealed class Copies(Array[] ofStreams) : KvKept
    {
        public Array[] OfStreams => ofStreams;

        public override void Release()
        {
        }
    }
}
