using System;
using System.IO;
using System.Linq;
using System.Threading;
using AttnDsl.Conformance.Tests.Cli;
using Recall;
using Spectre.Console;

namespace AttnDsl.Torch.Tests.Samples;

using TemporaryFolder = global::AttnDsl.Conformance.Tests.Cli.TemporaryFolder;

/// <summary>The sample Recall on tiny settings.</summary>
public sealed class RecallTests : IDisposable
{
    private static readonly Settings Tiny = new()
    {
        Task = new MqarTask(vocabulary: 20, length: 16, pairs: 2), Examples = 200, Tests = 50, Batch = 20, Epochs = 3, TestEvery = 10, LearningRate = 3e-3, WarmUp = 5, Seed = 5,
    };

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Equal_seeds_give_equal_losses()
    {
        Contender contender = Contender.OfWidth64[1];
        Outcome first = new RecallTrainer(Tiny).Train(contender), second = new RecallTrainer(Tiny).Train(contender);
        Assert.Equal([10, 20, 30], first.Checks.Select(check => check.Step));
        Assert.Equal(first.Checks, second.Checks);
        Assert.NotEqual(first.Checks, new RecallTrainer(Tiny with { Seed = 6 }).Train(contender).Checks);
    }

    [Fact]
    public void Models_trained_at_the_same_time_get_the_numbers_that_they_get_alone()
    {
        var trainer = new RecallTrainer(Tiny with { Drop = 0.1 });
        Outcome[] alone = [.. Contender.OfWidth64.Select(contender => trainer.Train(contender))], together = new Outcome[alone.Length];
        Thread[] threads = [.. Contender.OfWidth64.Select((contender, i) => new Thread(() => together[i] = trainer.Train(contender)))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.Equal(alone.Select(outcome => outcome.Checks), together.Select(outcome => outcome.Checks));
    }

    [Fact]
    public void Every_contender_learns()
    {
        var trainer = new RecallTrainer(Tiny with { Epochs = 6 });
        foreach (Contender contender in Contender.OfWidth64)
        {
            Outcome outcome = trainer.Train(contender);
            Assert.True(outcome.Checks[^1].Loss < 0.8 * outcome.Checks[0].Loss, $"{contender.Name}: {string.Join(", ", outcome.Checks)}");
            Assert.InRange(outcome.Accuracy, 0.05, 1);
        }
    }

    [Fact]
    public void Sizes_are_those_of_the_layers()
    {
        Outcome[] outcomes = [.. Contender.OfWidth64.Concat(Contender.OfWidth128).Select(contender => new RecallTrainer(Tiny with { Epochs = 1, Examples = 20 }).Train(contender))];

        // Two layers; keys and values of 32 in every head; a window caches as much per token as what it is a window of.
        Assert.Equal([1024, 512, 512, 1024, 2048, 1024, 512, 2048], outcomes.Select(outcome => outcome.CacheBytes));
        Assert.All(outcomes, outcome => Assert.Equal(((20L + 16) * outcome.Contender.Dim) + (2 * outcome.Contender.Parameters) + (6L * outcome.Contender.Dim), outcome.Parameters));
    }

    [Fact]
    public void A_model_that_knows_enough_stops()
    {
        Outcome outcome = new RecallTrainer(Tiny with { Enough = 0.01 }).Train(Contender.OfWidth64[0]);
        Assert.Equal(10, Assert.Single(outcome.Checks).Step);
        Assert.False(outcome.IsCut);
    }

    [Fact]
    public void Time_that_is_over_cuts_after_a_step_and_tests()
    {
        Outcome outcome = new RecallTrainer(Tiny with { TestEvery = 0 }).Train(Contender.OfWidth64[0], time: TimeSpan.Zero);
        Assert.Equal(1, Assert.Single(outcome.Checks).Step);
        Assert.True(outcome.IsCut);
    }

    [Fact]
    public void The_rate_rises_and_then_falls_along_a_cosine()
    {
        Settings settings = Tiny with { LearningRate = 1, WarmUp = 10 };
        Assert.Equal((10, 30), (settings.StepsPerEpoch, settings.Steps));
        Assert.Equal([0.1, 0.5, 1, 1], new[] { 0, 4, 9, 10 }.Select(settings.RateOf), Near);
        Assert.Equal([0.5, 0.0062], new[] { 20, 29 }.Select(settings.RateOf), Near);
        Assert.Equal([1, 1, 0.75, 0.75, 0.25], new[] { 0, 9, 10, 19, 20 }.Select((settings with { WarmUp = 0, FallsByEpoch = true }).RateOf), Near);

        static bool Near(double expected, double actual) => Math.Abs(expected - actual) < 1e-4;
    }

    [Fact]
    public void Time_is_shared_by_the_models_that_are_left()
    {
        var clock = new SharedTime(TimeSpan.FromSeconds(1000), models: 4, together: 2);
        SharedTime.Share first = clock.Begin(), second = clock.Begin();
        Assert.InRange(first.Length!.Value.TotalSeconds, 485, 495);
        Assert.InRange(second.Length!.Value.TotalSeconds, 485, 495);

        // What the first leaves over, two get; the last of all gets no more than there is.
        first.Dispose();
        SharedTime.Share third = clock.Begin();
        Assert.InRange(third.Length!.Value.TotalSeconds, 735, 743);
        second.Dispose();
        third.Dispose();
        Assert.InRange(clock.Begin().Length!.Value.TotalSeconds, 980, 990);
        Assert.False(clock.IsOver);
        Assert.Null(new SharedTime(null, 1, 1).Begin().Length);
    }

    [Fact]
    public void A_stop_is_heard_between_steps()
    {
        using var stop = new CancellationTokenSource();
        int steps = 0;
        Assert.Throws<OperationCanceledException>(() => new RecallTrainer(Tiny).Train(
            Contender.OfWidth64[0],
            (_, _) =>
            {
                if (++steps == 3)
                {
                    stop.Cancel();
                }
            },
            cancellationToken: stop.Token));
        Assert.Equal(3, steps);
    }

    [Fact]
    public void The_command_draws_table_chart_and_pictures()
    {
        (int code, string output, string error) = Run(
            "--vocabulary", "20", "--length", "16", "--pairs", "2", "--examples", "40", "--tests", "20", "--batch", "20", "--epochs", "1", "--out", folder.PathOf("pictures"));
        Assert.True(code == 0, error);
        Assert.All(Contender.OfWidth64, contender => Assert.Contains(contender.Name, output, StringComparison.Ordinal));
        Assert.Contains("bytes cached per token", output, StringComparison.Ordinal);
        Assert.Contains("answered right", output, StringComparison.Ordinal);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(folder.PathOf("pictures/recall-16x2-v20-d64.png"))[..4]);
        Assert.Contains("<svg", File.ReadAllText(folder.PathOf("pictures/recall-16x2-v20-d64.svg")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--length", "63", "length: expected an even number")]
    [InlineData("--pairs", "40", "pairs: expected at most 16")]
    [InlineData("--vocabulary", "64", "vocabulary: expected more than the 64 tokens")]
    [InlineData("--power", "0", "power: expected a finite number above 0")]
    [InlineData("--width", "96", "--width: expected 64 or 128, actual 96")]
    [InlineData("--epochs", "0", "Epochs: expected at least 1, actual 0")]
    [InlineData("--epochs", "2000000000", "Epochs: expected at most 858993 of 2500 steps each, actual 2000000000")]
    [InlineData("--rate", "-1", "LearningRate: expected")]
    [InlineData("--drop", "1", "Drop: expected")]
    [InlineData("--minutes", "0", "--minutes: expected")]
    [InlineData("--threads", "0", "--threads: expected at least 1, actual 0")]
    [InlineData("--together", "-1", "--together: expected at least 0, actual -1")]
    [InlineData("--attention", "LSTM", "--attention: expected some of MHA, GQA, SQA, window 16, actual 'LSTM'")]
    public void What_cannot_be_is_refused_before_anything_is_written(string option, string value, string reason)
    {
        (int code, _, string error) = Run(option, value, "--out", folder.PathOf("none"));
        Assert.Equal(2, code);
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.PathOf("none")));
    }

    [Fact]
    public void The_paper_stops_when_its_time_is_over()
    {
        (int code, string output, string error) = Run("--paper", "--minutes", "0.01", "--attention", "SQA", "--out", folder.PathOf("paper"));
        Assert.True(code == 0, error);
        Assert.Contains("not begun, out of time", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_paper_has_two_tasks_and_two_widths()
    {
        Round[] rounds = [.. Round.OfPaper(seed: 1)];
        Assert.Equal([(64, 4, 64), (64, 4, 128), (128, 8, 64), (128, 8, 128)], rounds.Select(round => (round.Settings.Task.Length, round.Settings.Task.Pairs, round.Contenders[0].Dim)));
        Assert.All(rounds, round => Assert.Equal((true, 0, 0, 0.1, 0.1, 0.02, 0.99), (round.Settings.FallsByEpoch, round.Settings.WarmUp, round.Settings.TestEvery, round.Settings.Drop, round.Settings.WeightDecay, round.Settings.Deviation, round.Settings.Enough)));
        Assert.All(rounds, round => Assert.Equal((8192, 100_000, 3_000, 512, 64), (round.Settings.Task.Vocabulary, round.Settings.Examples, round.Settings.Tests, round.Settings.Batch, round.Settings.Epochs)));
    }

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.No, Interactive = InteractionSupport.No });
        console.Profile.Width = AccuracyPlane.Width;
        int code = RecallCommand.Run(arguments, console, error);
        return (code, output.ToString(), error.ToString());
    }
}
