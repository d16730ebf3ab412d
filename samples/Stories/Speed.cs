using System;
using System.Diagnostics;

namespace Stories;

/// <summary>
/// How fast tokens come. The first two are told apart: one waits for the prompt's prefill, the other is the first decode, and the runtime compiles each when it first runs.
/// </summary>
public sealed class Speed
{
    private const int Apart = 2;

    private readonly long start = Stopwatch.GetTimestamp();
    private long steady, last;

    /// <summary>Tokens so far.</summary>
    public int Tokens { get; private set; }

    /// <summary>A token has come.</summary>
    public void Count()
    {
        last = Stopwatch.GetTimestamp();
        if (++Tokens <= Apart)
        {
            steady = last;
        }
    }

    /// <summary>The speed in words.</summary>
    public string Report()
    {
        double wait = Stopwatch.GetElapsedTime(start, steady).TotalSeconds;
        double rest = Stopwatch.GetElapsedTime(steady, last).TotalSeconds;
        return Tokens <= Apart
            ? "too few to tell a speed"
            : FormattableString.Invariant($"the first two in {wait:F2} s, the others at {(Tokens - Apart) / Math.Max(rest, 1e-9):F0} tokens per second");
    }
}
