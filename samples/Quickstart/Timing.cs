using System;
using System.Diagnostics;

namespace Quickstart;

/// <summary>Times short work.</summary>
internal static class Timing
{
    private const int WarmUps = 2;
    private const int Runs = 9;

    /// <summary>The shortest of a few runs: what the work takes when nothing else disturbs it.</summary>
    public static TimeSpan Best(Action work)
    {
        for (int i = 0; i < WarmUps; i++)
        {
            work();
        }

        TimeSpan best = TimeSpan.MaxValue;
        for (int i = 0; i < Runs; i++)
        {
            long start = Stopwatch.GetTimestamp();
            work();
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            best = elapsed < best ? elapsed : best;
        }

        return best;
    }
}
