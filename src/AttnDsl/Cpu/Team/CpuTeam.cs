using System;
using System.Runtime.ExceptionServices;
using System.Threading;

namespace AttnDsl.Cpu;

/// <summary>
/// The threads that share the kernels' work: the caller and background threads that spin for a moment after a job, since the next one usually follows at once, and then sleep.
/// One caller at a time has the team; a second one, or a job that starts another, runs its pieces on its own thread.
/// </summary>
internal sealed class CpuTeam
{
    // State word: epoch (32 bits) | open (1) | helpers wanted (15) | helpers at work (16). A helper joins by adding 1 while the job is open, so a late riser cannot join a job that is over.
    private const long Open = 1L << 31;
    private const int WantedShift = 16;
    private const long WantedMask = 0x7FFF;
    private const long ActiveMask = 0xFFFF;

    [ThreadStatic]
    private static bool _inside;

    private readonly Lock _recording = new();
    private TeamHelper[] _helpers = [];
    private long _state;
    private int _taken;

    private TeamJob? _job;
    private int _count;
    private int _next;
    private CancellationToken _cancellation;
    private Exception? _failure;
    private int _failedIndex;

    public static CpuTeam Shared { get; } = new();

    /// <summary>Runs pieces 0 … count − 1 and returns when all are done.</summary>
    /// <param name="job">The work.</param>
    /// <param name="count">Pieces.</param>
    /// <param name="threads">Threads to use at most, the caller included.</param>
    /// <param name="cancellation">Asked before every piece; a piece that has begun is finished.</param>
    /// <exception cref="OperationCanceledException">Cancelled with pieces left undone.</exception>
    public void Run(TeamJob job, int count, int threads, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        threads = Math.Min(threads, count);
        if (threads > 1 && !_inside && Interlocked.CompareExchange(ref _taken, 1, 0) == 0)
        {
            try
            {
                RunTogether(job, count, threads, cancellation);
            }
            finally
            {
                Volatile.Write(ref _taken, 0);
            }
        }
        else
        {
            RunAlone(job, count, cancellation);
        }
    }

    /// <summary>Joins the open job, if there is one that a helper has not seen.</summary>
    /// <param name="helper">Index of the helper.</param>
    /// <param name="seen">Epoch that the helper saw last; set to the present one.</param>
    /// <returns>Whether the helper joined, and must <see cref="Work"/> and <see cref="Leave"/>.</returns>
    internal bool TryJoin(int helper, ref uint seen)
    {
        while (true)
        {
            long state = Volatile.Read(ref _state);
            uint epoch = (uint)(state >> 32);
            if (epoch == seen)
            {
                return false;
            }

            if ((state & Open) == 0 || helper >= ((state >> WantedShift) & WantedMask))
            {
                seen = epoch;
                return false;
            }

            if (Interlocked.CompareExchange(ref _state, state + 1, state) == state)
            {
                seen = epoch;
                return true;
            }
        }
    }

    internal bool HasNews(uint seen) => (uint)(Volatile.Read(ref _state) >> 32) != seen;

    internal void Leave() => Interlocked.Decrement(ref _state);

    internal static void EnterHelper() => _inside = true;

    internal void Work(Workspace workspace)
    {
        TeamJob job = _job!;
        int count = _count;
        while (true)
        {
            int index = Interlocked.Increment(ref _next) - 1;
            if (index >= count || index < 0)
            {
                return;
            }

            try
            {
                _cancellation.ThrowIfCancellationRequested();
                job.Execute(index, workspace);
            }
            catch (Exception failure)
            {
                Record(index, failure);
                return;
            }
        }
    }

    private static void RunAlone(TeamJob job, int count, CancellationToken cancellation)
    {
        Workspace workspace = WorkspacePool.Rent();
        try
        {
            for (int index = 0; index < count; index++)
            {
                cancellation.ThrowIfCancellationRequested();
                job.Execute(index, workspace);
            }
        }
        finally
        {
            WorkspacePool.Return(workspace);
        }
    }

    private void RunTogether(TeamJob job, int count, int threads, CancellationToken cancellation)
    {
        int wanted = Math.Min(threads - 1, CpuThreads.MaxCount);
        Hire(wanted);
        Workspace workspace = WorkspacePool.Rent();
        _job = job;
        _count = count;
        _cancellation = cancellation;
        _failure = null;
        _failedIndex = int.MaxValue;
        _next = 0;
        uint epoch = (uint)(_state >> 32) + 1;
        Interlocked.Exchange(ref _state, ((long)epoch << 32) | Open | ((long)wanted << WantedShift));
        for (int i = 0; i < wanted; i++)
        {
            _helpers[i].Wake();
        }

        _inside = true;
        Work(workspace);
        _inside = false;
        Interlocked.And(ref _state, ~Open);
        var spin = default(SpinWait);
        while ((Volatile.Read(ref _state) & ActiveMask) != 0)
        {
            // Never Sleep(1): the helpers are inside their last piece.
            spin.SpinOnce(sleep1Threshold: -1);
        }

        _job = null;
        _cancellation = default;
        WorkspacePool.Return(workspace);
        if (_failure is { } failure)
        {
            _failure = null;
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    private void Hire(int wanted)
    {
        int have = _helpers.Length;
        if (have >= wanted)
        {
            return;
        }

        // Published when complete: a thread that cannot be started must not leave a gap.
        var helpers = new TeamHelper[wanted];
        _helpers.CopyTo(helpers, 0);
        for (int i = have; i < wanted; i++)
        {
            helpers[i] = new TeamHelper(this, i, (uint)(_state >> 32));
        }

        _helpers = helpers;
    }

    /// <summary>Keeps the failure of the lowest piece, so that what is reported depends as little as possible on timing, and hands out no more.</summary>
    private void Record(int index, Exception failure)
    {
        lock (_recording)
        {
            if (index < _failedIndex)
            {
                _failedIndex = index;
                _failure = failure;
            }
        }

        Interlocked.Exchange(ref _next, _count);
    }
}
