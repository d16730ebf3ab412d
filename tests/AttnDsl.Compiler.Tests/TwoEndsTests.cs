using System;
using System.Linq;
using System.Threading;

namespace AttnDsl.Compiler.Tests;

public class TwoEndsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Every_piece_runs_once_and_results_keep_their_order(int count)
    {
        for (int round = 0; round < 200; round++)
        {
            var runs = new int[count];
            int[] results = TwoEnds.Run(Enumerable.Range(0, count).Select(i => (Func<int>)(() =>
            {
                Interlocked.Increment(ref runs[i]);
                return i * i;
            })).ToArray());
            Assert.Equal(Enumerable.Range(0, count).Select(i => i * i), results);
            Assert.All(runs, n => Assert.Equal(1, n));
        }
    }

    [Fact]
    public void The_first_failure_in_the_order_of_the_pieces_is_thrown_once_all_are_done()
    {
        int done = 0;
        int Piece(int i)
        {
            Interlocked.Increment(ref done);
            return i is 1 or 3 ? throw new InvalidOperationException("piece " + i) : i;
        }

        Assert.Equal("piece 1", Assert.Throws<InvalidOperationException>(() => TwoEnds.Run(Enumerable.Range(0, 5).Select(i => (Func<int>)(() => Piece(i))).ToArray())).Message);
        Assert.Equal(5, done);
    }

    [Fact]
    public void The_helper_takes_pieces_while_the_caller_is_busy()
    {
        using var meeting = new Barrier(2);
        int Meet() => meeting.SignalAndWait(TimeSpan.FromMinutes(1)) ? Environment.CurrentManagedThreadId : throw new TimeoutException();
        int[] threads = TwoEnds.Run<int>([Meet, Meet]);
        Assert.NotEqual(threads[0], threads[1]);
    }
}
