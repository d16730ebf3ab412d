using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using AttnDsl.Space.Drawing;
using AttnDsl.Space.Running;
using AttnDsl.Space.Stacks;

namespace AttnDsl.Space;

/// <summary>The long mode: random stacks for as many minutes as told, or every legal pair of published values.</summary>
internal static class Program
{
    private const string Usage = """
        usage: dotnet run -c Release --project tests/AttnDsl.Space -- [--minutes N] [--seed S] [--pairs]
          --minutes N  draws random stacks for N minutes (default 10, or 0 with --pairs)
          --seed S     first seed (default 1); every batch has the next one
          --pairs      first compiles and runs stacks that hold every legal pair of published values, and has every illegal pair refused
        The last line sums up; the exit code is 1 on any disagreement or escape, 2 on a bad argument.
        """;

    private const int BatchSize = 400;

    private static int Main(string[] args)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        if (!Read(args, out double minutes, out int seed, out bool pairs))
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        var clock = Stopwatch.StartNew();
        Tally total = Tally.Empty;
        int first = seed;
        if (pairs)
        {
            foreach (Stack[] part in AllPairs().Chunk(BatchSize))
            {
                total += Show(Runner.Run(part, seed, thorough: false), "pairs", seed, clock);
            }
        }

        while (clock.Elapsed.TotalMinutes < minutes)
        {
            var drawer = new Drawer(seed);
            total += Show(Runner.Run(Enumerable.Range(0, BatchSize).Select(_ => drawer.Next()), seed, thorough: true), $"seed {seed}", seed, clock);
            seed = unchecked(seed + 1);
        }

        Console.WriteLine($"{total}; seeds {first} to {Math.Max(first, seed - 1)}, {clock.Elapsed.TotalMinutes:F1} minutes");
        return total.Escapes.Count == 0 ? 0 : 1;
    }

    private static IEnumerable<Stack> AllPairs() =>
        Covering.Stacks(Covering.LegalPairs(), Coverage.UseAndUse)
            .Concat(Pairs.Attributes.SelectMany(pair => Pairs.Stacks(pair.First, pair.Second)).Where(stack => !Judge.IsLegal(Legality.Sheet.Faults(stack))));

    private static Tally Show(Tally tally, string what, int seed, Stopwatch clock)
    {
        Console.WriteLine($"{clock.Elapsed:hh\\:mm\\:ss} {what}: {tally}");
        if (tally.Escapes.Count > 0)
        {
            Console.WriteLine(Runner.Report(tally.Escapes, seed));
        }

        return tally;
    }

    private static bool Read(string[] args, out double minutes, out int seed, out bool pairs)
    {
        (minutes, seed, pairs) = (-1, 1, false);
        for (int i = 0; i < args.Length; i++)
        {
            bool read = args[i] switch
            {
                "--pairs" => pairs = true,
                "--minutes" => ++i < args.Length && double.TryParse(args[i], CultureInfo.InvariantCulture, out minutes) && minutes >= 0,
                "--seed" => ++i < args.Length && int.TryParse(args[i], CultureInfo.InvariantCulture, out seed),
                _ => false,
            };
            if (!read)
            {
                return false;
            }
        }

        minutes = minutes >= 0 ? minutes : pairs ? 0 : 10;
        return true;
    }
}
