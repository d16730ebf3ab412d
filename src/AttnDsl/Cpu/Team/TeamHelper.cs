using System.Diagnostics;
using System.Globalization;
using System.Threading;

namespace AttnDsl.Cpu;

/// <summary>One background thread of a team, with its own scratch. It lives as long as the process and never keeps it alive.</summary>
internal sealed class TeamHelper
{
    // Longer than the gaps between the steps of one layer, short enough not to be seen in a process monitor.
    private static readonly long SpinTicks = Stopwatch.Frequency / 2000;

    private readonly CpuTeam _team;
    private readonly int _index;
    private readonly Workspace _workspace = new();
    private readonly AutoResetEvent _bell = new(false);
    private int _asleep;

    public TeamHelper(CpuTeam team, int index, uint seen)
    {
        _team = team;
        _index = index;
        new Thread(() => Live(seen))
        {
            IsBackground = true,
            Name = string.Create(CultureInfo.InvariantCulture, $"AttnDsl CPU {index + 1}"),
        }.Start();
    }

    /// <summary>Rings only for a sleeper: a spinning helper sees the new job by itself.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _asleep, 0) == 1)
        {
            _bell.Set();
        }
    }

    private void Live(uint seen)
    {
        CpuTeam.EnterHelper();
        while (true)
        {
            AwaitNews(seen);
            if (_team.TryJoin(_index, ref seen))
            {
                _team.Work(_workspace);
                _team.Leave();
            }
        }
    }

    private void AwaitNews(uint seen)
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetTimestamp() - start < SpinTicks)
        {
            for (int i = 0; i < 32; i++)
            {
                if (_team.HasNews(seen))
                {
                    return;
                }

                Thread.SpinWait(8);
            }

            // On a crowded machine the caller may be waiting for this very core.
            Thread.Yield();
        }

        Interlocked.Exchange(ref _asleep, 1);

        // Looked at again after the announcement: whoever published a job in between either sees the sleeper or is seen here.
        if (_team.HasNews(seen) && Interlocked.Exchange(ref _asleep, 0) == 1)
        {
            return;
        }

        _bell.WaitOne();
    }
}
