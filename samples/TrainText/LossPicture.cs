using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using ScottPlot;

namespace TrainText;

/// <summary>The losses of a training as a picture: every step pale, a running mean over them.</summary>
public static class LossPicture
{
    private const int Width = 900, Height = 500;
    private const double Keep = 0.9;

    /// <summary>Draws the losses to <c>loss.png</c> and <c>loss.svg</c>.</summary>
    /// <param name="losses">One per step, at least one.</param>
    /// <param name="folder">Where to; it exists.</param>
    /// <returns>The paths written.</returns>
    public static IReadOnlyList<string> Save(IReadOnlyList<float> losses, string folder)
    {
        ArgumentNullException.ThrowIfNull(losses);
        ArgumentOutOfRangeException.ThrowIfZero(losses.Count);
        double[] steps = [.. Enumerable.Range(1, losses.Count).Select(step => (double)step)];
        double[] raw = [.. losses.Select(loss => (double)loss)];
        using var plot = new Plot();
        plot.Title("Loss");
        plot.XLabel("step");
        plot.YLabel("cross-entropy, nats a token");
        ScottPlot.Plottables.Scatter every = plot.Add.ScatterLine(steps, raw);
        every.Color = Colors.SteelBlue.WithAlpha(0.3);
        ScottPlot.Plottables.Scatter mean = plot.Add.ScatterLine(steps, RunningMean(raw));
        mean.Color = Colors.SteelBlue;
        mean.LineWidth = 2;
        string[] paths = [Path.Combine(folder, "loss.png"), Path.Combine(folder, "loss.svg")];
        plot.SavePng(paths[0], Width, Height);
        plot.SaveSvg(paths[1], Width, Height);
        return paths;
    }

    // A mean that forgets; divided by what it has seen so far, so that it does not begin at 0.
    private static double[] RunningMean(double[] raw)
    {
        var means = new double[raw.Length];
        double sum = 0, seen = 0;
        for (int i = 0; i < raw.Length; i++)
        {
            sum = (Keep * sum) + raw[i];
            seen = (Keep * seen) + 1;
            means[i] = sum / seen;
        }

        return means;
    }
}
