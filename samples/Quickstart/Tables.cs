using System;
using System.Collections.Generic;
using System.Globalization;
using AttnDsl;
using Spectre.Console;

namespace Quickstart;

/// <summary>The reports as tables.</summary>
internal static class Tables
{
    /// <summary>What is known when the layers are compiled.</summary>
    public static Table Costs(IEnumerable<LayerReport> reports)
    {
        Table table = New(
            "Known when they were compiled (dim 128)",
            "q / k / v heads",
            "parameters",
            "cached a token",
            Text($"MFLOPs, {LayerCosts.Tokens} tokens"),
            Text($"read a token at {LayerCosts.Tokens}"));
        foreach (LayerReport report in reports)
        {
            LayerCosts costs = report.Costs;
            bool cached = costs.CacheBytesPerToken > 0;
            table.AddRow(
                costs.Name,
                Heads(report.Shape),
                Text($"{costs.Parameters:N0}"),
                cached ? Text($"{costs.CacheBytesPerToken:N0} B") : "-",
                Text($"{costs.PrefillFlops(LayerCosts.Tokens) / 1e6:N0}"),
                cached ? Text($"{costs.DecodeBytes(LayerCosts.Tokens) / 1024:N0} KiB") : "-");
        }

        return table;
    }

    /// <summary>What was measured on this machine.</summary>
    public static Table Runs(IEnumerable<LayerReport> reports)
    {
        Table table = New(
            Text($"Measured on the CPU backend, {Environment.ProcessorCount} processors: {LayerReport.Tokens} tokens at once, then one by one"),
            "prefill",
            "GFLOP/s",
            "decode",
            "tokens a second",
            "error against reference");
        foreach (LayerReport report in reports)
        {
            table.AddRow(
                report.Costs.Name,
                Text($"{report.Prefill.TotalMilliseconds:N2} ms"),
                Text($"{report.Costs.PrefillFlops(LayerReport.Tokens) / report.Prefill.TotalSeconds / 1e9:N1}"),
                report.Decode is { } decode ? Text($"{decode.TotalMicroseconds:N1} us") : "-",
                report.Decode is { } each ? Text($"{1 / each.TotalSeconds:N0}") : "-",
                Text($"{report.Error:0.0E+0}"));
        }

        return table;
    }

    private static Table New(string title, params string[] columns)
    {
        Table table = new Table().Title(title).Border(TableBorder.Minimal).AddColumn("layer");
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        return table;
    }

    private static string Heads(LayerShape shape) => Text($"{shape.QueryHeads} / {shape.KeyHeads} / {shape.ValueHeads} x {shape.KeyWidth}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
