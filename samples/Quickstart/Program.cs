using System;
using System.Linq;
using Quickstart;
using Spectre.Console;

Console.OutputEncoding = new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

LayerReport[] reports =
[
    LayerReport.Cached<MultiHead.Reference, MultiHead.Weights<double>, MultiHead.Cpu, MultiHead.Weights<float>, MultiHead.Cache>(
        new LayerCosts(nameof(MultiHead), MultiHead.Spec.ParameterCount, MultiHead.Spec.CacheBytesPerToken, MultiHead.Spec.PrefillFlops, MultiHead.Spec.DecodeBytes), MultiHead.Weights<float>.Zeros),
    LayerReport.Cached<Grouped.Reference, Grouped.Weights<double>, Grouped.Cpu, Grouped.Weights<float>, Grouped.Cache>(
        new LayerCosts(nameof(Grouped), Grouped.Spec.ParameterCount, Grouped.Spec.CacheBytesPerToken, Grouped.Spec.PrefillFlops, Grouped.Spec.DecodeBytes), Grouped.Weights<float>.Zeros),
    LayerReport.Cached<Compact.Reference, Compact.Weights<double>, Compact.Cpu, Compact.Weights<float>, Compact.Cache>(
        new LayerCosts(nameof(Compact), Compact.Spec.ParameterCount, Compact.Spec.CacheBytesPerToken, Compact.Spec.PrefillFlops, Compact.Spec.DecodeBytes), Compact.Weights<float>.Zeros),
    LayerReport.Cached<SparseGrouped.Reference, SparseGrouped.Weights<double>, SparseGrouped.Cpu, SparseGrouped.Weights<float>, SparseGrouped.Cache>(
        new LayerCosts(nameof(SparseGrouped), SparseGrouped.Spec.ParameterCount, SparseGrouped.Spec.CacheBytesPerToken, SparseGrouped.Spec.PrefillFlops, SparseGrouped.Spec.DecodeBytes), SparseGrouped.Weights<float>.Zeros),
    LayerReport.Cached<Normalised.Reference, Normalised.Weights<double>, Normalised.Cpu, Normalised.Weights<float>, Normalised.Cache>(
        new LayerCosts(nameof(Normalised), Normalised.Spec.ParameterCount, Normalised.Spec.CacheBytesPerToken, Normalised.Spec.PrefillFlops, Normalised.Spec.DecodeBytes), Normalised.Weights<float>.Zeros),
    LayerReport.Cached<Capped.Reference, Capped.Weights<double>, Capped.Cpu, Capped.Weights<float>, Capped.Cache>(
        new LayerCosts(nameof(Capped), Capped.Spec.ParameterCount, Capped.Spec.CacheBytesPerToken, Capped.Spec.PrefillFlops, Capped.Spec.DecodeBytes), Capped.Weights<float>.Zeros),
    LayerReport.Cached<Sinks.Reference, Sinks.Weights<double>, Sinks.Cpu, Sinks.Weights<float>, Sinks.Cache>(
        new LayerCosts(nameof(Sinks), Sinks.Spec.ParameterCount, Sinks.Spec.CacheBytesPerToken, Sinks.Spec.PrefillFlops, Sinks.Spec.DecodeBytes), Sinks.Weights<float>.Zeros),
    LayerReport.Cached<Linear.Reference, Linear.Weights<double>, Linear.Cpu, Linear.Weights<float>, Linear.Cache>(
        new LayerCosts(nameof(Linear), Linear.Spec.ParameterCount, Linear.Spec.CacheBytesPerToken, Linear.Spec.PrefillFlops, Linear.Spec.DecodeBytes), Linear.Weights<float>.Zeros),
    LayerReport.Fresh<Encoder.Reference, Encoder.Weights<double>, Encoder.Cpu, Encoder.Weights<float>>(
        new LayerCosts(nameof(Encoder), Encoder.Spec.ParameterCount, Encoder.Spec.CacheBytesPerToken, Encoder.Spec.PrefillFlops, Encoder.Spec.DecodeBytes), Encoder.Weights<float>.Zeros),
];

// A pipe has no width of its own; wrapped columns would be hard to read.
AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, CostPlane.Width);
AnsiConsole.Write(Tables.Costs(reports));
AnsiConsole.Write(Tables.Runs(reports));
foreach (string line in CostPlane.Draw([.. reports.Select(report => report.Costs).Where(costs => costs.CacheBytesPerToken > 0)]))
{
    AnsiConsole.WriteLine(line);
}
