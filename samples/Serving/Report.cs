using System;
using System.Collections.Generic;
using Spectre.Console;

namespace Serving;

/// <summary>The figures side by side.</summary>
internal static class Report
{
    public static void Write(IAnsiConsole console, IReadOnlyList<(string Name, ServerFigures Figures)> runs, bool same)
    {
        var table = new Table().AddColumn("");
        var rows = new (string Name, Func<ServerFigures, string> Text)[]
        {
            ("tokens made", f => Number(f.Made)),
            ("seconds", f => FormattableString.Invariant($"{f.Seconds:F2}")),
            ("tokens per second", f => Number((long)f.Throughput)),
            ("steps", f => Number(f.Steps)),
            ("prompts at a time, at most", f => Number(f.MostRows)),
            ("tokens run", f => Number(f.Run)),
            ("prompt tokens found in the cache", f => Number(f.Reused)),
            ("guesses: right of judged", f => FormattableString.Invariant($"{f.Accepted:N0} of {f.Guessed:N0}")),
            ("pages held, at most", f => Number(f.MostPages)),
            ("pages saved by sharing, at most", f => Number(f.MostSaved)),
            ("prompts that gave their pages back", f => Number(f.Evictions)),
        };
        foreach ((string name, _) in runs)
        {
            table.AddColumn(new TableColumn(name).RightAligned());
        }

        foreach ((string name, Func<ServerFigures, string> text) in rows)
        {
            var cells = new List<string> { name };
            foreach ((_, ServerFigures figures) in runs)
            {
                cells.Add(text(figures));
            }

            table.AddRow([.. cells]);
        }

        console.Write(table);
        console.WriteLine(same ? "All three made the same stories." : "The three did not make the same stories: near ties of logits fell differently.");
    }

    private static string Number(long value) => FormattableString.Invariant($"{value:N0}");
}
