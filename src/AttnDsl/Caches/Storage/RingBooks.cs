using System;

namespace AttnDsl;

/// <summary>
/// Which tokens a ring holds and where. A row's tokens are counted from its first one, for good; the keys that a step attends to are a list of them without gaps: sinks, then recent ones, then new ones.
/// Token p lies in place p if it is a sink, else in place S + (p − S) mod M: softmax does not care about order, so nothing ever moves. M is larger than R by the new tokens of a step, so that an abandoned step
/// leaves no trace.
/// </summary>
internal sealed class RingBooks
{
    // First token, sinks aside, that has not been overwritten; the first one that the present step attends to, and its slot.
    private readonly int[] _oldest;
    private readonly int[] _first;
    private readonly int[] _starts;

    public RingBooks(int batch, CacheRing ring, int slots)
    {
        Ring = ring;
        Slots = slots;
        _oldest = new int[batch];
        _first = new int[batch];
        _starts = new int[batch];
        Array.Fill(_oldest, ring.Sinks);
        Array.Fill(_first, ring.Sinks);
    }

    public CacheRing Ring { get; }

    /// <summary>Places of a row that tokens behind the sinks share, M.</summary>
    public int Slots { get; set; }

    /// <summary>Slots of the first recent tokens that the present step attends to.</summary>
    public ReadOnlySpan<int> Starts => _starts;

    /// <summary>Tokens held of a row of so many: sinks and recent ones.</summary>
    public int Held(int length) => Math.Min(length, Ring.Sinks) + Math.Min(Math.Max(length - Ring.Sinks, 0), Ring.Recent);

    /// <summary>The token at a place of the list that a row of so many tokens holds.</summary>
    public int HeldToken(int length, int place) => place < Ring.Sinks ? place : FirstHeld(length) + place - Ring.Sinks;

    /// <summary>The token at a place of the list that the present step attends to.</summary>
    public int SeenToken(int row, int place) => place < Ring.Sinks ? place : _first[row] + place - Ring.Sinks;

    /// <summary>Tokens that the present step no longer attends to.</summary>
    public int Evicted(int row) => _first[row] - Ring.Sinks;

    /// <summary>A step begins: what it attends to, and what its new tokens overwrite.</summary>
    public void Begin(int row, int length, int added)
    {
        int recent = Ring.Evict == RingEviction.RoomBefore && added <= Ring.Recent ? Ring.Recent - added : Ring.Recent;
        Attend(row, Math.Max(Ring.Sinks, length - recent));
        _oldest[row] = Math.Max(_oldest[row], length + added - Slots);
    }

    /// <summary>A row holds just what it is to hold, as after a copy of it.</summary>
    public void Settle(int row, int length)
    {
        _oldest[row] = FirstHeld(length);
        Attend(row, FirstHeld(length));
    }

    /// <summary>Whether all is there that a row of so many tokens holds.</summary>
    public bool CanCut(int row, int length) => length <= Ring.Sinks || FirstHeld(length) >= _oldest[row];

    /// <summary>A row is cut, to a length that it can be cut to.</summary>
    public void Cut(int row, int length)
    {
        // What comes next is written anew.
        _oldest[row] = Math.Min(_oldest[row], Math.Max(Ring.Sinks, length));
        Attend(row, FirstHeld(length));
    }

    /// <summary>A row becomes what another one is.</summary>
    public void Copy(int from, int to)
    {
        _oldest[to] = _oldest[from];
        Attend(to, _first[from]);
    }

    /// <summary>Place of a token among so many slots.</summary>
    public int Place(int token, int slots) => token < Ring.Sinks ? token : Ring.Sinks + ((token - Ring.Sinks) % slots);

    private int FirstHeld(int length) => Math.Max(Ring.Sinks, length - Ring.Recent);

    private void Attend(int row, int first)
    {
        _first[row] = first;
        _starts[row] = (first - Ring.Sinks) % Slots;
    }
}
