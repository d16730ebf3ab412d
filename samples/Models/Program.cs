using System;
using System.Globalization;
using Models;
using Spectre.Console;

const int Tokens = 128;
const int Context = 4096;

Console.OutputEncoding = new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 160);

Table table = new Table().Title(Text($"One layer of each, float32: {Tokens} tokens at once and half of them one by one")).Border(TableBorder.Minimal).AddColumn("layer");
foreach (string column in new[] { "q / k / v heads", "k, v width", "parameters", "cached a token", Text($"GFLOPs, {Context} tokens"), Text($"read a token at {Context}"), "prefill", "decode", "one by one against at once" })
{
    table.AddColumn(new TableColumn(column).RightAligned());
}

foreach (Model model in Catalogue.Models)
{
    ModelRun run = model.Run(Tokens);
    table.AddRow(
        model.Name,
        Text($"{model.Shape.QueryHeads} / {model.Shape.KeyHeads} / {model.Shape.ValueHeads}"),
        Text($"{model.Shape.KeyWidth}, {model.Shape.ValueWidth}"),
        Text($"{model.Parameters:N0}"),
        Text($"{model.CacheBytesPerToken:N0} B"),
        Text($"{model.PrefillFlops(Context) / 1e9:N0}"),
        Text($"{model.DecodeBytes(Context) / 1048576.0:N1} MiB"),
        Text($"{run.Prefill.TotalMilliseconds:N1} ms"),
        Text($"{run.Decode.TotalMilliseconds:N2} ms"),
        Text($"{run.Difference:0.0E+0}"));
}

AnsiConsole.Write(table);

static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
