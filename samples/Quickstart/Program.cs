using System;
using System.Globalization;
using Quickstart;
using Spectre.Console;

LayerReport[] reports =
[
    LayerReport.Cached<MultiHead.Reference, MultiHead.Weights<double>>(
        nameof(MultiHead), MultiHead.Spec.ParameterCount, MultiHead.Spec.CacheScalarsPerToken, MultiHead.Spec.PrefillFlops, MultiHead.Spec.DecodeBytes),
    LayerReport.Cached<Grouped.Reference, Grouped.Weights<double>>(
        nameof(Grouped), Grouped.Spec.ParameterCount, Grouped.Spec.CacheScalarsPerToken, Grouped.Spec.PrefillFlops, Grouped.Spec.DecodeBytes),
    LayerReport.Cached<SparseGrouped.Reference, SparseGrouped.Weights<double>>(
        nameof(SparseGrouped), SparseGrouped.Spec.ParameterCount, SparseGrouped.Spec.CacheScalarsPerToken, SparseGrouped.Spec.PrefillFlops, SparseGrouped.Spec.DecodeBytes),
    LayerReport.Cached<Normalised.Reference, Normalised.Weights<double>>(
        nameof(Normalised), Normalised.Spec.ParameterCount, Normalised.Spec.CacheScalarsPerToken, Normalised.Spec.PrefillFlops, Normalised.Spec.DecodeBytes),
    LayerReport.Cached<Capped.Reference, Capped.Weights<double>>(
        nameof(Capped), Capped.Spec.ParameterCount, Capped.Spec.CacheScalarsPerToken, Capped.Spec.PrefillFlops, Capped.Spec.DecodeBytes),
    LayerReport.Cached<Sinks.Reference, Sinks.Weights<double>>(
        nameof(Sinks), Sinks.Spec.ParameterCount, Sinks.Spec.CacheScalarsPerToken, Sinks.Spec.PrefillFlops, Sinks.Spec.DecodeBytes),
    LayerReport.Cached<Linear.Reference, Linear.Weights<double>>(
        nameof(Linear), Linear.Spec.ParameterCount, Linear.Spec.CacheScalarsPerToken, Linear.Spec.PrefillFlops, Linear.Spec.DecodeBytes),
    LayerReport.Ragged<Encoder.Reference, Encoder.Weights<double>>(nameof(Encoder), Encoder.Spec.ParameterCount, Encoder.Spec.PrefillFlops),
];

// A pipe has no width of its own; wrapped columns would be hard to read.
AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 110);
var costs = new Table().Title("Known when they were compiled (dim 128)").Border(TableBorder.Minimal);
costs.AddColumns("layer", "q / k / v heads");
foreach (string column in new[] { "parameters", "cached a token", "MFLOPs at 4096", "read at 4096" })
{
    costs.AddColumn(new TableColumn(column).RightAligned());
}

var runs = new Table().Title("Run on the reference (32 tokens)").Border(TableBorder.Minimal);
runs.AddColumns("layer", "output", "check");
foreach (LayerReport report in reports)
{
    costs.AddRow(
        report.Name,
        report.Heads,
        report.Parameters.ToString("N0", CultureInfo.InvariantCulture),
        report.CachePerToken,
        (report.PrefillFlops / 1e6).ToString("N1", CultureInfo.InvariantCulture),
        report.Decode);
    runs.AddRow(report.Name, report.Output, report.Check);
}

AnsiConsole.Write(costs);
AnsiConsole.Write(runs);
