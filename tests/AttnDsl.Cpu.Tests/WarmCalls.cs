using System;

namespace AttnDsl.Cpu.Tests;

/// <summary>Managed bytes of calls that are warm.</summary>
internal static class WarmCalls
{
    private const int WarmUp = 5;
    private const int Rounds = 5;

    /// <summary>
    /// Bytes of the round that allocated least. The runtime allocates now and then on its own account, on a crowded machine also late and on the caller's thread (a lock that somebody
    /// had to wait for, a type that is first touched); what a call allocates it allocates in every round.
    /// </summary>
    /// <param name="allocated">Reads a counter of bytes.</param>
    /// <param name="call">What is measured.</param>
    /// <param name="calls">Calls of a round.</param>
    public static long LeastBytes(Func<long> allocated, Action call, int calls = 10)
    {
        for (int i = 0; i < WarmUp; i++)
        {
            call();
        }

        long least = long.MaxValue;
        for (int round = 0; round < Rounds && least > 0; round++)
        {
            long before = allocated();
            for (int i = 0; i < calls; i++)
            {
                call();
            }

            least = Math.Min(least, allocated() - before);
        }

        return least;
    }
}
