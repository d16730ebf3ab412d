using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using AttnDsl.Cli.Output;
using AttnDsl.Cli.Stacks;
using Spectre.Console;

namespace AttnDsl.Cli.Check;

/// <summary>The result of <c>attn check</c>; its JSON is this record in camelCase.</summary>
/// <param name="File">The recording.</param>
/// <param name="Stack">The stack as given.</param>
/// <param name="Accepted">Always true here; a refused stack prints <see cref="RefusalJson"/>.</param>
/// <param name="Diagnostics">Warnings and infos.</param>
/// <param name="Mode"><c>layer</c> or <c>core</c>.</param>
/// <param name="Ok">Every row is within its limit.</param>
/// <param name="Rows">One per run and quantity.</param>
internal sealed record CheckReport(
    string File,
    string Stack,
    bool Accepted,
    IReadOnlyList<DiagnosticJson> Diagnostics,
    string Mode,
    bool Ok,
    IReadOnlyList<CheckRow> Rows)
{
    /// <summary>The report of <paramref name="rows"/>.</summary>
    public static CheckReport Of(string file, StackResult result, string mode, IReadOnlyList<CheckRow> rows) =>
        new(file, result.Text, true, DiagnosticJson.Of(result), mode, rows.All(r => r.Ok), rows);

    /// <summary>Prints it for people.</summary>
    public void Write(StackResult result, TextWriter output)
    {
        Terminal terminal = new(output);
        terminal.Diagnostics(result);
        Table table = terminal.NewTable("Backend", "Type", "Quantity", "Against", ">Max abs error", ">Limit", "Verdict", "Note");
        foreach (CheckRow row in Rows)
        {
            table.AddRow(
                new Text(row.Backend),
                new Text(row.Dtype),
                new Text(row.Quantity),
                new Text(row.Against),
                new Text(Number(row.MaxAbsError, row.Limit is null ? "-" : "NaN")),
                new Text(Number(row.Limit, "-")),
                new Text(row.Ok ? "ok" : "MISS", new Style(row.Ok ? Color.Green : Color.Red)),
                new Text(row.Note ?? ""));
        }

        terminal.Write(table);
        int ok = Rows.Count(r => r.Ok);
        terminal.Line(
            string.Create(CultureInfo.InvariantCulture, $"{(Ok ? "ok" : "MISS")}: {ok} of {Rows.Count} within their limits"),
            Ok ? Color.Green : Color.Red);
    }

    private static string Number(double? value, string absent) => value?.ToString("0.00e+00", CultureInfo.InvariantCulture) ?? absent;
}
