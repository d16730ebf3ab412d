using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading;
using AttnDsl.LibTorch;
using Spectre.Console;
using TorchSharp;

namespace Recall;

/// <summary>The sample's command line.</summary>
public static class RecallCommand
{
    private const int Unusable = 2, Stopped = 130;

    // Small enough for a few minutes on two processors.
    private static readonly Settings Default = new() { Task = new MqarTask(vocabulary: 512, length: 64, pairs: 4) };

    /// <summary>Runs the sample; returns its exit code: 0, 2 for settings that cannot be used or a libtorch that cannot be loaded, 130 when it was stopped.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="console">Where tables and charts go.</param>
    /// <param name="error">Where refusals go.</param>
    public static int Run(IReadOnlyList<string> arguments, IAnsiConsole console, TextWriter error)
    {
        var seed = Number("--seed", "Equal seeds give equal numbers on the same machine.", Default.Seed);
        var paper = new Option<bool>("--paper") { Description = "The paper's settings instead: vocabulary 8192, 64 tokens with 4 pairs and 128 with 8, widths 64 and 128. All other settings below but the seed are then fixed." };
        var minutes = new Option<double?>("--minutes") { Description = "Time for everything; what it does not suffice for is cut between two steps and reported so. [default: none, or 60 with --paper]", HelpName = "number" };
        var vocabulary = Number("--vocabulary", "Number of tokens.", Default.Task.Vocabulary);
        var length = Number("--length", "Tokens of a sequence.", Default.Task.Length);
        var pairs = Number("--pairs", "Pairs of a sequence.", Default.Task.Pairs);
        var power = new Option<double>("--power") { Description = "Near 0 the queries crowd behind the pairs, at 1 every place is as likely.", HelpName = "number", DefaultValueFactory = _ => Default.Task.Power };
        var fill = new Option<bool>("--fill") { Description = "Random tokens between the queries instead of zeros." };
        var width = Number("--width", "Width of the models: 64 or 128.", 64);
        var examples = Number("--examples", "Sequences to learn from.", Default.Examples);
        var tests = Number("--tests", "Sequences to be tested with.", Default.Tests);
        var batch = Number("--batch", "Sequences of a step.", Default.Batch);
        var epochs = Number("--epochs", "Most passes over the sequences.", Default.Epochs);
        var rate = new Option<double>("--rate") { Description = "Highest learning rate.", HelpName = "number", DefaultValueFactory = _ => Default.LearningRate };
        var drop = new Option<double>("--drop") { Description = "Dropout of the embedding.", HelpName = "probability", DefaultValueFactory = _ => Default.Drop };
        var attention = new Option<string[]>("--attention") { Description = "Only these kinds of attention: " + string.Join(", ", Contender.OfWidth64.Select(contender => contender.Name)) + ". [default: all]", HelpName = "names", AllowMultipleArgumentsPerToken = true };
        var together = Number("--together", "Kinds of attention trained at the same time; 0 for one per processor. No number depends on it.", 0);
        var threads = Number("--threads", "Threads of libtorch for each of them. Other counts round otherwise.", 1);
        var folder = new Option<string>("--out") { Description = "Folder for the pictures.", HelpName = "folder", DefaultValueFactory = _ => "." };
        var command = new RootCommand("Trains small models to recall values by their keys, one for each kind of attention, and draws what they get right against what they cache.")
        {
            seed, paper, minutes, vocabulary, length, pairs, power, fill, width, examples, tests, batch, epochs, rate, drop, attention, together, threads, folder,
        };
        command.SetAction((parsed, cancellationToken) => System.Threading.Tasks.Task.Run(() =>
        {
            try
            {
                double? allowed = parsed.GetValue(minutes) ?? (parsed.GetValue(paper) ? 60 : null);
                if (allowed is { } given && !(given > 0 && double.IsFinite(given)))
                {
                    throw new ArgumentException(FormattableString.Invariant($"--minutes: expected a finite number above 0, actual {given}"));
                }

                IReadOnlyList<Round> rounds = parsed.GetValue(paper)
                    ? Round.OfPaper(parsed.GetValue(seed))
                    :
                    [
                        new Round(
                            Default with
                            {
                                Task = new MqarTask(parsed.GetValue(vocabulary), parsed.GetValue(length), parsed.GetValue(pairs), parsed.GetValue(power), parsed.GetValue(fill)),
                                Examples = parsed.GetValue(examples),
                                Tests = parsed.GetValue(tests),
                                Batch = parsed.GetValue(batch),
                                Epochs = parsed.GetValue(epochs),
                                LearningRate = parsed.GetValue(rate),
                                Drop = parsed.GetValue(drop),
                                Seed = parsed.GetValue(seed),
                            },
                            parsed.GetValue(width) switch
                            {
                                64 => Contender.OfWidth64,
                                128 => Contender.OfWidth128,
                                int other => throw new ArgumentException(FormattableString.Invariant($"--width: expected 64 or 128, actual {other}")),
                            }),
                    ];
                rounds = Only(rounds, parsed.GetValue(attention) ?? []);
                foreach (Round round in rounds)
                {
                    round.Settings.Check();
                }

                AtLeast(parsed.GetValue(together), 0, together.Name);
                AtLeast(parsed.GetValue(threads), 1, threads.Name);
                int atOnce = parsed.GetValue(together) is > 0 and int asked ? asked : Environment.ProcessorCount;
                string place = Directory.CreateDirectory(parsed.GetRequiredValue(folder)).FullName;
                LibTorchSupport.EnsureLoaded();
                torch.set_num_threads(parsed.GetValue(threads));
                Compete(rounds, atOnce, allowed is { } time ? TimeSpan.FromMinutes(time) : null, place, console, cancellationToken);
                return 0;
            }
            catch (OperationCanceledException)
            {
                error.WriteLine("Stopped.");
                return Stopped;
            }
            catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException or DllNotFoundException)
            {
                error.WriteLine(e.Message);
                return Unusable;
            }
        }, CancellationToken.None));
        return command.Parse(arguments).Invoke(new InvocationConfiguration { Error = error });
    }

    private static Round[] Only(IReadOnlyList<Round> rounds, string[] names)
    {
        string? unknown = names.FirstOrDefault(name => rounds[0].Contenders.All(contender => contender.Name != name));
        return unknown is null
            ? [.. rounds.Select(round => round with { Contenders = names.Length == 0 ? round.Contenders : [.. round.Contenders.Where(contender => names.Contains(contender.Name))] })]
            : throw new ArgumentException($"--attention: expected some of {string.Join(", ", rounds[0].Contenders.Select(contender => contender.Name))}, actual '{unknown}'");
    }

    private static void Compete(IReadOnlyList<Round> rounds, int together, TimeSpan? allowed, string folder, IAnsiConsole console, CancellationToken cancellationToken)
    {
        var clock = new SharedTime(allowed, rounds.Sum(round => round.Contenders.Count), together);
        foreach (Round round in rounds)
        {
            if (clock.IsOver)
            {
                console.WriteLine($"{round.Title}: not begun, out of time");
                continue;
            }

            IReadOnlyList<Outcome> outcomes = RoundRunner.Run(round, together, clock, console, cancellationToken);
            if (outcomes.Count == 0)
            {
                continue;
            }

            console.Write(RecallTable.Of(outcomes, round.Title));
            foreach (string line in AccuracyPlane.Draw(outcomes))
            {
                console.WriteLine(line);
            }

            foreach (string path in AccuracyPicture.Save(outcomes, folder, round.Name))
            {
                console.WriteLine(path);
            }
        }
    }

    private static void AtLeast(int value, int least, string name)
    {
        if (value < least)
        {
            throw new ArgumentException(FormattableString.Invariant($"{name}: expected at least {least}, actual {value}"));
        }
    }

    private static Option<int> Number(string name, string description, int value) =>
        new(name) { Description = description, HelpName = "number", DefaultValueFactory = _ => value };
}
