using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Quickstart;

/// <summary>
/// Layers as points in a plane of characters: cache to the right, FLOPs upwards, both in powers of two. A layer below and left of another does the same for less.
/// </summary>
internal static class CostPlane
{
    /// <summary>Columns of the drawing.</summary>
    public const int Width = 110;

    private const int Left = 10;
    private const int Rows = 16;
    private const int Right = Width - 18;

    /// <summary>Draws layers that have a cache.</summary>
    public static IEnumerable<string> Draw(IReadOnlyList<LayerCosts> layers)
    {
        var across = Axis.Over(layers.Select(Cache), Right - Left - 1);
        var up = Axis.Over(layers.Select(Flops), Rows - 1);
        char[][] cells = Empty();
        foreach (LayerCosts layer in layers)
        {
            cells[Row(layer)][Column(layer)] = '●';
        }

        foreach (LayerCosts layer in layers)
        {
            Label(cells, Row(layer), Column(layer), layer.Name);
        }

        const string Title = "Cache against FLOPs, for layers with a cache";
        yield return Title.PadLeft((Width + Title.Length) / 2);
        yield return "";
        yield return Text($"MFLOPs, {LayerCosts.Tokens} tokens");
        for (int row = 0; row < Rows; row++)
        {
            bool ticked = up.Ticks.Any(tick => up.Place(tick) == Rows - 1 - row);
            string number = ticked ? Text($"{up.Ticks.First(tick => up.Place(tick) == Rows - 1 - row):N0}") : "";
            yield return (number.PadLeft(Left - 2) + (ticked ? " ┤" : " │") + new string(cells[row])).TrimEnd();
        }

        char[] line = new string('─', Right - Left).ToCharArray();
        char[] numbers = new string(' ', Width - Left).ToCharArray();
        foreach (double tick in across.Ticks)
        {
            line[across.Place(tick)] = '┬';
            Text($"{tick:N0}").CopyTo(numbers.AsSpan(across.Place(tick)));
        }

        yield return new string(' ', Left - 1) + "└" + new string(line);
        yield return (new string(' ', Left) + new string(numbers)).TrimEnd();
        yield return "bytes cached a token".PadLeft(Right);

        int Column(LayerCosts layer) => across.Place(Cache(layer));
        int Row(LayerCosts layer) => Rows - 1 - up.Place(Flops(layer));
    }

    private static double Cache(LayerCosts layer) => layer.CacheBytesPerToken;

    private static double Flops(LayerCosts layer) => layer.PrefillFlops(LayerCosts.Tokens) / 1e6;

    private static char[][] Empty()
    {
        var cells = new char[Rows][];
        for (int row = 0; row < Rows; row++)
        {
            cells[row] = new string(' ', Width - Left).ToCharArray();
        }

        return cells;
    }

    /// <summary>Writes a name beside its point, or above or below where another stands there.</summary>
    private static void Label(char[][] cells, int row, int column, string name)
    {
        (int Row, int Column)[] places = [(row, column + 2), (row, column - 1 - name.Length), (row - 1, column + 2), (row + 1, column + 2), (row - 1, column - 1 - name.Length), (row + 1, column - 1 - name.Length)];
        foreach ((int r, int c) in places)
        {
            // A blank on either side keeps names apart.
            if (r >= 0 && r < cells.Length && c >= 1 && c + name.Length < cells[r].Length && cells[r].AsSpan(c - 1, name.Length + 2).IndexOfAnyExcept(' ') < 0)
            {
                name.CopyTo(cells[r].AsSpan(c));
                return;
            }
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>A range of powers of two on cells 0 to length.</summary>
    private readonly record struct Axis(int First, int Last, int Length)
    {
        public IEnumerable<double> Ticks
        {
            get
            {
                for (int power = First; power <= Last; power++)
                {
                    yield return Math.Pow(2, power);
                }
            }
        }

        public static Axis Over(IEnumerable<double> values, int length)
        {
            double[] all = [.. values];
            int first = (int)Math.Floor(Math.Log2(all.Min()));
            return new Axis(first, Math.Max(first + 1, (int)Math.Ceiling(Math.Log2(all.Max()))), length);
        }

        public int Place(double value) => (int)Math.Round((Math.Log2(value) - First) / (Last - First) * Length);
    }
}
