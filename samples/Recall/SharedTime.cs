using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;

namespace Recall;

/// <summary>
/// Time for everything, shared out evenly over the models still to be trained, some of them at once: what one leaves over, the others get. A hundredth is kept back for last tests and pictures.
/// </summary>
/// <param name="allowed">Null for no end.</param>
/// <param name="models">Models to be trained.</param>
/// <param name="together">How many of them at once.</param>
public sealed class SharedTime(TimeSpan? allowed, int models, int together)
{
    private const double Used = 0.99;

    private readonly TimeSpan? end = allowed * Used;
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private readonly Lock guard = new();
    private readonly List<Share> running = [];
    private int left = models;

    /// <summary>Nothing is left.</summary>
    public bool IsOver => end is { } time && watch.Elapsed >= time;

    /// <summary>The next model begins.</summary>
    /// <returns>How long it may take; to be disposed of when it is done.</returns>
    public Share Begin()
    {
        if (end is not { } time)
        {
            return new Share(this, null, default);
        }

        lock (guard)
        {
            // Those that run keep what they were given.
            TimeSpan now = watch.Elapsed, rest = time - now;
            TimeSpan given = running.Aggregate(TimeSpan.Zero, (sum, share) => share.Until > now ? sum + (share.Until - now) : sum);
            TimeSpan even = ((rest * Math.Min(together, left + running.Count)) - given) / left--;
            TimeSpan length = even < TimeSpan.Zero ? TimeSpan.Zero : even > rest ? rest : even;
            var begun = new Share(this, length, now + length);
            running.Add(begun);
            return begun;
        }
    }

    private void End(Share share)
    {
        lock (guard)
        {
            running.Remove(share);
        }
    }

    /// <summary>The time of one model.</summary>
    /// <param name="owner">Whose time it is.</param>
    /// <param name="length">How long.</param>
    /// <param name="until">When it ends.</param>
    public sealed class Share(SharedTime owner, TimeSpan? length, TimeSpan until) : IDisposable
    {
        /// <summary>How long; null when time is not limited.</summary>
        public TimeSpan? Length => length;

        /// <summary>When it ends, since the beginning of everything.</summary>
        public TimeSpan Until => until;

        /// <inheritdoc/>
        public void Dispose() => owner.End(this);
    }
}
