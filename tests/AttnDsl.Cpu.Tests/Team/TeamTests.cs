using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using AttnDsl.Cpu;

namespace AttnDsl.Cpu.Tests.Team;

public class TeamTests
{
    private sealed class Counting(int pieces) : TeamJob
    {
        public readonly int[] Done = new int[pieces];

        public Action<int> Then { get; set; } = _ => { };

        public override void Execute(int index, Workspace workspace)
        {
            Interlocked.Increment(ref Done[index]);
            Then(index);
        }
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(1, 4)]
    [InlineData(3, 2)]
    [InlineData(1000, 1)]
    [InlineData(1000, 2)]
    [InlineData(1000, 5)]
    public void EveryPieceRunsOnce(int pieces, int threads)
    {
        var team = new CpuTeam();
        for (int round = 0; round < 50; round++)
        {
            var job = new Counting(pieces);
            team.Run(job, pieces, threads);
            Assert.All(job.Done, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void SleepersWakeUp()
    {
        var team = new CpuTeam();
        for (int round = 0; round < 20; round++)
        {
            var job = new Counting(64);
            team.Run(job, 64, 3);
            Assert.All(job.Done, count => Assert.Equal(1, count));
            Thread.Sleep(3);
        }
    }

    [Fact]
    public void AJobMayStartAnother()
    {
        var outer = new Counting(8);
        var inner = Enumerable.Range(0, 8).Select(_ => new Counting(8)).ToArray();
        outer.Then = index => CpuTeam.Shared.Run(inner[index], 8, 4);
        CpuTeam.Shared.Run(outer, 8, 4);
        Assert.All(inner, job => Assert.All(job.Done, count => Assert.Equal(1, count)));
    }

    [Fact]
    public void ManyCallersAtOnce()
    {
        Parallel.For(0, 8, _ =>
        {
            for (int round = 0; round < 100; round++)
            {
                var job = new Counting(37);
                CpuTeam.Shared.Run(job, 37, 3);
                Assert.All(job.Done, count => Assert.Equal(1, count));
            }
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void FailuresReachTheCallerAndTheTeamGoesOn(int threads)
    {
        var job = new Counting(100) { Then = index => { if (index == 7) { throw new InvalidOperationException("piece 7"); } } };
        var error = Assert.Throws<InvalidOperationException>(() => CpuTeam.Shared.Run(job, 100, threads));
        Assert.Equal("piece 7", error.Message);
        Assert.All(job.Done, count => Assert.InRange(count, 0, 1));
        var next = new Counting(100);
        CpuTeam.Shared.Run(next, 100, threads);
        Assert.All(next.Done, count => Assert.Equal(1, count));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void CancellationStopsBetweenPieces(int threads)
    {
        using var source = new CancellationTokenSource();
        var job = new Counting(1000) { Then = index => { if (index == 5) { source.Cancel(); } } };
        Assert.Throws<OperationCanceledException>(() => CpuTeam.Shared.Run(job, 1000, threads, source.Token));
        Assert.InRange(job.Done.Sum(), 1, 999);
        var next = new Counting(100);
        CpuTeam.Shared.Run(next, 100, threads);
        Assert.All(next.Done, count => Assert.Equal(1, count));
    }

    [Fact]
    public void CancelledInTheLastPieceIsDone()
    {
        using var source = new CancellationTokenSource();
        var job = new Counting(1) { Then = _ => source.Cancel() };
        CpuTeam.Shared.Run(job, 1, 1, source.Token);
        Assert.Equal(1, job.Done[0]);
    }

    [Fact]
    public void CountsOutOfRangeAreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => CpuThreads.Count = 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => CpuThreads.Resolve(-1));
        Assert.Equal(CpuThreads.Count, CpuThreads.Resolve(0));
    }
}
