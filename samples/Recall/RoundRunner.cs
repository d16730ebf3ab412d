using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.ExceptionServices;
using System.Threading;
using Spectre.Console;

namespace Recall;

/// <summary>Trains the contenders of a round, some at the same time, each with a bar that shows how far it is.</summary>
internal static class RoundRunner
{
    /// <summary>Trains them.</summary>
    /// <param name="round">The round.</param>
    /// <param name="together">How many threads train, each one contender after the other.</param>
    /// <param name="clock">Time for them.</param>
    /// <param name="console">Where the bars go.</param>
    /// <param name="cancellationToken">Stops all of them.</param>
    /// <returns>What became of those that were begun, in the round's order.</returns>
    public static IReadOnlyList<Outcome> Run(Round round, int together, SharedTime clock, IAnsiConsole console, CancellationToken cancellationToken)
    {
        var trainer = new RecallTrainer(round.Settings);
        var outcomes = new Outcome?[round.Contenders.Count];
        console.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .Start(progress =>
            {
                ProgressTask[] bars = [.. round.Contenders.Select(contender => progress.AddTask(contender.Name, autoStart: false, maxValue: 1))];
                ForEach(round.Contenders.Count, together, (i, token) => outcomes[i] = Train(trainer, round.Contenders[i], bars[i], clock, token), cancellationToken);
            });
        return [.. outcomes.OfType<Outcome>()];
    }

    private static Outcome? Train(RecallTrainer trainer, Contender contender, ProgressTask bar, SharedTime clock, CancellationToken cancellationToken)
    {
        bar.StartTask();
        if (clock.IsOver)
        {
            bar.Description = $"{contender.Name}: not begun, out of time";
            bar.StopTask();
            return null;
        }

        using SharedTime.Share share = clock.Begin();
        Outcome outcome = trainer.Train(
            contender,
            (done, check) =>
            {
                bar.Value = done;
                if (check is { } found)
                {
                    bar.Description = FormattableString.Invariant($"{contender.Name}: loss {found.Loss:F3}, right {100 * found.Accuracy:F1} %");
                }
            },
            share.Length,
            cancellationToken);
        bar.StopTask();
        return outcome;
    }

    /// <summary>Does something for 0 to count - 1, on threads of its own. The first failure stops the others and is thrown when they have ended.</summary>
    private static void ForEach(int count, int together, Action<int, CancellationToken> work, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var failures = new ConcurrentQueue<ExceptionDispatchInfo>();
        int next = -1;
        var threads = new Thread[Math.Min(together, count)];
        for (int t = 0; t < threads.Length; t++)
        {
            threads[t] = new Thread(() =>
            {
                try
                {
                    for (int i = Interlocked.Increment(ref next); i < count; i = Interlocked.Increment(ref next))
                    {
                        work(i, stop.Token);
                    }
                }
                catch (Exception e)
                {
                    failures.Enqueue(ExceptionDispatchInfo.Capture(e));
                    stop.Cancel();
                }
            })
            {
                Name = FormattableString.Invariant($"training {t}"), IsBackground = true,
            };
            threads[t].Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        if (failures.TryPeek(out ExceptionDispatchInfo? first))
        {
            first.Throw();
        }
    }
}
