using System;
using System.Diagnostics;
using AttnDsl;

namespace Serving;

/// <summary>What serving took.</summary>
public sealed class ServerFigures
{
    private long start, end;

    /// <summary>Steps of the whole batch.</summary>
    public int Steps { get; internal set; }

    /// <summary>Tokens that went through the model, guesses included.</summary>
    public long Run { get; internal set; }

    /// <summary>Tokens that were made.</summary>
    public long Made { get; internal set; }

    /// <summary>Tokens of prompts that were found in the cache.</summary>
    public long Reused { get; internal set; }

    /// <summary>Guesses that were judged.</summary>
    public long Guessed { get; internal set; }

    /// <summary>Guesses that were right: tokens that took no step of their own.</summary>
    public long Accepted { get; internal set; }

    /// <summary>Requests that had to give up their pages and begin again.</summary>
    public int Evictions { get; internal set; }

    /// <summary>Most pages held at a time.</summary>
    public int MostPages { get; private set; }

    /// <summary>Most pages that sharing saved at a time.</summary>
    public int MostSaved { get; private set; }

    /// <summary>Most requests at a time.</summary>
    public int MostRows { get; private set; }

    /// <summary>Seconds from the first step to the last.</summary>
    public double Seconds => Stopwatch.GetElapsedTime(start, end == 0 ? Stopwatch.GetTimestamp() : end).TotalSeconds;

    /// <summary>Made tokens per second.</summary>
    public double Throughput => Made / Math.Max(Seconds, 1e-9);

    internal void Begin() => start = Stopwatch.GetTimestamp();

    internal void End() => end = Stopwatch.GetTimestamp();

    internal void Look(CachePages pages, int busy)
    {
        MostPages = Math.Max(MostPages, pages.Held);
        MostSaved = Math.Max(MostSaved, pages.Entries - pages.Held);
        MostRows = Math.Max(MostRows, busy);
    }
}
