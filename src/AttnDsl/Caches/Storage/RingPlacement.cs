using System;
using System.Globalization;

namespace AttnDsl;

/// <summary>Every row has room for its sinks, its recent tokens and the new ones of a step.</summary>
internal sealed class RingPlacement : KvPlacement
{
    private readonly int _batch;

    // Tokens that rows may take back, and so many slots more.
    private int _reserved = 1;

    public RingPlacement(int batch, CacheRing ring)
    {
        _batch = batch;
        Books = new RingBooks(batch, ring, checked(ring.Recent + _reserved));
    }

    public RingBooks Books { get; }

    /// <summary>A ring takes any number of tokens.</summary>
    public override int Capacity => int.MaxValue;

    private int Usual => checked(Books.Ring.Recent + _reserved);

    public override void MakeRoom(string parameter, ReadOnlySpan<int> lengths, ReadOnlySpan<int> added, bool kept)
    {
        int most = 1;
        for (int row = 0; row < _batch; row++)
        {
            if ((long)lengths[row] + added[row] > Array.MaxLength)
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"{parameter}: row {row} has seen {lengths[row]} tokens and takes {Array.MaxLength - lengths[row]} more, got {added[row]}"), parameter);
            }

            most = Math.Max(most, added[row]);
        }

        _reserved = kept ? most : _reserved;
        int slots = Math.Max(Usual, checked(Books.Ring.Recent + most));
        if (slots != Books.Slots)
        {
            Rebuild(slots, default, lengths);
        }

        for (int row = 0; row < _batch && !kept; row++)
        {
            Books.Begin(row, lengths[row], added[row]);
            foreach (KvStore store in Stores)
            {
                ((IRingStore)store).Turn(row, Books.Evicted(row), Math.Min(lengths[row], Books.Ring.Sinks));
            }
        }
    }

    public override void Trim(int row, int length) => Books.Cut(row, length);

    public override int Held(int length) => Books.Held(length);

    public override int HeldToken(int length, int place) => Books.HeldToken(length, place);

    public override int SeenToken(int row, int place) => Books.SeenToken(row, place);

    public override void CheckTrim(int row, int length)
    {
        if (!Books.CanCut(row, length))
        {
            throw new InvalidOperationException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"row {row}: the ring has let go of tokens that belong to the last of {length}: call Reserve before tokens that may be taken back, or restore a snapshot"));
        }
    }

    public override void Fork(int from, int to, int length)
    {
        foreach (KvStore store in Stores)
        {
            ((IRingStore)store).Copy(from, to);
        }

        Books.Copy(from, to);
    }

    public override void Arrange(ReadOnlySpan<int> sources, ReadOnlySpan<int> lengths) => Rebuild(Books.Slots, sources, lengths);

    public override KvKept Keep(ReadOnlySpan<int> lengths)
    {
        var kept = new Array[Stores.Length];
        for (int s = 0; s < kept.Length; s++)
        {
            kept[s] = ((IRingStore)Stores[s]).Save(lengths);
        }

        return new ContiguousPlacement.Copies(kept);
    }

    public override void Restore(KvKept kept, ReadOnlySpan<int> lengths)
    {
        Array[] copies = ((ContiguousPlacement.Copies)kept).OfStreams;
        for (int s = 0; s < copies.Length; s++)
        {
            ((IRingStore)Stores[s]).Load(copies[s], lengths);
        }

        Rest(lengths);
    }

    protected override KvStore Create(CacheElement element, CacheStream stream)
    {
        if (stream.Quantization is not null)
        {
            throw new ArgumentException($"streams: '{stream.Name}' is quantized, which needs contiguous storage: keys are quantized over runs of tokens, and a ring lets go of tokens one by one", "streams");
        }

        KvStore store = element == CacheElement.Float32 ? new RingStore<float, SingleElement>(_batch, Books, stream) : new RingStore<ushort, BFloat16Element>(_batch, Books, stream);
        ((IRingStore)store).Rebuild(Books.Slots, default, new int[_batch]);
        return store;
    }

    private void Rebuild(int slots, ReadOnlySpan<int> sources, ReadOnlySpan<int> lengths)
    {
        foreach (KvStore store in Stores)
        {
            ((IRingStore)store).Rebuild(slots, sources, lengths);
        }

        Books.Slots = slots;
        Rest(lengths);
    }

    private void Rest(ReadOnlySpan<int> lengths)
    {
        for (int row = 0; row < _batch; row++)
        {
            Books.Settle(row, lengths[row]);
        }
    }
}
