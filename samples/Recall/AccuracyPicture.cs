using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using ScottPlot;

namespace Recall;

/// <summary>The same plane as a picture.</summary>
public static class AccuracyPicture
{
    private const int Width = 900, Height = 560;

    /// <summary>Draws the outcomes to <c>name.png</c> and <c>name.svg</c>.</summary>
    /// <param name="outcomes">At least one.</param>
    /// <param name="folder">Where to; it exists.</param>
    /// <param name="name">Name of the files, without their end.</param>
    /// <returns>The paths written.</returns>
    public static IReadOnlyList<string> Save(IReadOnlyList<Outcome> outcomes, string folder, string name)
    {
        ArgumentNullException.ThrowIfNull(outcomes);
        ArgumentOutOfRangeException.ThrowIfZero(outcomes.Count);
        MqarTask task = outcomes[0].Settings.Task;
        using var plot = new Plot();
        plot.Title(FormattableString.Invariant($"Recall against cache: {task.Pairs} pairs in {task.Length} tokens, vocabulary {task.Vocabulary}, width {outcomes[0].Contender.Dim}"));
        plot.XLabel("bytes cached per token, both layers, float32");
        plot.YLabel("queries answered right, %");
        foreach (IGrouping<long, Outcome> same in outcomes.GroupBy(outcome => outcome.CacheBytes))
        {
            // Points above each other have their names on the right and on the left in turn.
            foreach ((int i, Outcome outcome) in same.OrderByDescending(outcome => outcome.Accuracy).Index())
            {
                double y = 100 * outcome.Accuracy;
                ScottPlot.Plottables.Marker marker = plot.Add.Marker(same.Key, y);
                marker.MarkerStyle.Size = 12;
                ScottPlot.Plottables.Text label = plot.Add.Text(outcome.Contender.Name, same.Key, y);
                label.LabelFontSize = 16;
                label.LabelAlignment = i % 2 == 0 ? Alignment.MiddleLeft : Alignment.MiddleRight;
                label.LabelOffsetX = i % 2 == 0 ? 10 : -10;
            }
        }

        plot.Axes.SetLimits(0, 1.25 * outcomes.Max(outcome => outcome.CacheBytes), 0, 105);
        string[] paths = [Path.Combine(folder, name + ".png"), Path.Combine(folder, name + ".svg")];
        plot.SavePng(paths[0], Width, Height);
        plot.SaveSvg(paths[1], Width, Height);
        return paths;
    }
}
