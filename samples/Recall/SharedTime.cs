using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

namespace Recall;

/// <summary>Time for everything, shared out evenly over the models still to be trained: what one leaves over, the others get.</summary>
internal sealed class SharedTime(TimeSpan? allowed, IEnumerable<Round> rounds)
{
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private int left = rounds.Sum(round => round.Contenders.Count);

    /// <summary>Nothing is left.</summary>
    public bool IsOver => allowed is { } time && watch.Elapsed >= time;

    /// <summary>The share of the next model; null when time is not limited.</summary>
    public TimeSpan? Share() => allowed is { } time ? (time - watch.Elapsed) / left-- : null;
}
