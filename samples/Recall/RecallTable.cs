using System;
using System.Collections.Generic;
using System.Globalization;
using Spectre.Console;

namespace Recall;

/// <summary>The outcomes as a table.</summary>
internal static class RecallTable
{
    /// <summary>One line per contender.</summary>
    public static Table Of(IEnumerable<Outcome> outcomes, string title)
    {
        Table table = new Table().Title(title).Border(TableBorder.Minimal).AddColumn("attention");
        foreach (string column in (ReadOnlySpan<string>)["answered right", "cached a token", "parameters", "loss", "steps", "time"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (Outcome outcome in outcomes)
        {
            table.AddRow(
                Markup.Escape(outcome.Contender.Name),
                Text($"{100 * outcome.Accuracy:F1} %"),
                Text($"{outcome.CacheBytes:N0} B"),
                Text($"{outcome.Parameters:N0}"),
                outcome.Checks.Count == 0 ? "-" : Text($"{outcome.Checks[^1].Loss:F4}"),
                Text($"{outcome.Steps:N0}") + (outcome.IsCut ? Text($" of {outcome.Settings.Steps:N0}, out of time") : ""),
                Text($"{outcome.Time.TotalSeconds:F0} s"));
        }

        return table;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
