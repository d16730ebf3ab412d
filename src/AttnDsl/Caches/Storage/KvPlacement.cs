using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace AttnDsl;

/// <summary>Where the tokens of a cache's rows lie. It knows no lengths of its own: the cache says how many tokens its rows have.</summary>
internal abstract class KvPlacement
{
    private readonly List<KvStore> _stores = [];

    /// <summary>One store per layer and stream.</summary>
    public ReadOnlySpan<KvStore> Stores => CollectionsMarshal.AsSpan(_stores);

    /// <summary>See <see cref="KvCache.Capacity"/>.</summary>
    public abstract int Capacity { get; }

    /// <summary>More streams, before there are tokens.</summary>
    public KvStore[] Add(CacheElement element, ReadOnlySpan<CacheStream> streams)
    {
        var stores = new KvStore[streams.Length];
        for (int s = 0; s < stores.Length; s++)
        {
            stores[s] = Create(streams[s].Element ?? element, streams[s]);
        }

        _stores.AddRange(stores);
        return stores;
    }

    /// <summary>Makes room for tokens behind those that rows have. Throws before anything changes.</summary>
    /// <param name="parameter">Who is at fault when there is no room.</param>
    /// <param name="lengths">Tokens of the rows.</param>
    /// <param name="added">Tokens to append to each.</param>
    /// <param name="kept">The room is to stay until the row is cut.</param>
    public abstract void MakeRoom(string parameter, ReadOnlySpan<int> lengths, ReadOnlySpan<int> added, bool kept);

    /// <summary>Throws unless everything is there that a row of so few tokens would hold, as it would hold it.</summary>
    public virtual void CheckTrim(int row, int length)
    {
    }

    /// <summary>Tokens that are held of a row of so many.</summary>
    public virtual int Held(int length) => length;

    /// <summary>The token at a place of the list that a row of so many tokens holds.</summary>
    public virtual int HeldToken(int length, int place) => place;

    /// <summary>The token at a place of the list that the present step attends to.</summary>
    public virtual int SeenToken(int row, int place) => place;

    /// <summary>A step counts: the rows have so many tokens now.</summary>
    public virtual void Settle(ReadOnlySpan<int> lengths)
    {
    }

    /// <summary>A row has fewer tokens from now on.</summary>
    public abstract void Trim(int row, int length);

    /// <summary>A row becomes what another one is.</summary>
    public abstract void Fork(int from, int to, int length);

    /// <summary>Row b becomes what row sources[b] was; lengths are those of the new rows.</summary>
    public abstract void Arrange(ReadOnlySpan<int> sources, ReadOnlySpan<int> lengths);

    /// <summary>What the rows hold, for later.</summary>
    public abstract KvKept Keep(ReadOnlySpan<int> lengths);

    /// <summary>The rows, whatever they hold, become what they were. Throws before anything changes.</summary>
    public abstract void Restore(KvKept kept, ReadOnlySpan<int> lengths);

    /// <summary>A store with as much room as the others have.</summary>
    protected abstract KvStore Create(CacheElement element, CacheStream stream);
}

/// <summary>What a placement keeps for a snapshot.</summary>
internal abstract class KvKept
{
    /// <summary>Lets go of it; once.</summary>
    public abstract void Release();
}
