using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Recall;

/// <summary>Models as points in a plane of characters: bytes cached per token to the right, accuracy upwards. The best place is the upper left corner.</summary>
public static class AccuracyPlane
{
    /// <summary>Columns of the drawing.</summary>
    public const int Width = 90;

    private const int Left = 8;
    private const int Rows = 11;
    private const int Columns = Width - Left - 14;

    /// <summary>Draws the outcomes, line by line.</summary>
    /// <param name="outcomes">At least one.</param>
    public static IEnumerable<string> Draw(IReadOnlyList<Outcome> outcomes)
    {
        ArgumentNullException.ThrowIfNull(outcomes);
        ArgumentOutOfRangeException.ThrowIfZero(outcomes.Count);
        long most = outcomes.Max(outcome => outcome.CacheBytes);
        char[][] cells = [.. Enumerable.Range(0, Rows).Select(_ => new string(' ', Width - Left).ToCharArray())];
        foreach (Outcome outcome in outcomes)
        {
            cells[Row(outcome)][Column(outcome)] = '●';
        }

        foreach (Outcome outcome in outcomes)
        {
            Label(cells, Row(outcome), Column(outcome), outcome.Contender.Name);
        }

        yield return "queries answered right";
        for (int row = 0; row < Rows; row++)
        {
            bool ticked = row % 2 == 0;
            string number = ticked ? Text($"{(Rows - 1 - row) * 100 / (Rows - 1)} %") : "";
            yield return (number.PadLeft(Left - 2) + (ticked ? " ┤" : " │") + new string(cells[row])).TrimEnd();
        }

        yield return new string(' ', Left - 1) + "└" + new string('─', Columns);
        char[] numbers = new string(' ', Width - Left).ToCharArray();
        int free = 0;
        foreach (long bytes in outcomes.Select(outcome => outcome.CacheBytes).Distinct().Order())
        {
            string number = Text($"{bytes:N0}");
            int at = Math.Max(0, Place(bytes) - (number.Length / 2));
            if (at >= free && at + number.Length <= numbers.Length)
            {
                number.CopyTo(numbers.AsSpan(at));
                free = at + number.Length + 1;
            }
        }

        yield return (new string(' ', Left) + new string(numbers)).TrimEnd();
        yield return "bytes cached per token".PadLeft(Left + Columns);

        int Place(long bytes) => (int)Math.Round((double)bytes / most * (Columns - 1));
        int Column(Outcome outcome) => Place(outcome.CacheBytes);
        int Row(Outcome outcome) => Rows - 1 - (int)Math.Round(outcome.Accuracy * (Rows - 1));
    }

    /// <summary>Writes a name beside its point, or above or below where another stands there.</summary>
    private static void Label(char[][] cells, int row, int column, string name)
    {
        (int Row, int Column)[] places =
        [
            (row, column + 2), (row, column - 1 - name.Length), (row + 1, column + 2), (row - 1, column + 2), (row + 1, column - 1 - name.Length), (row - 1, column - 1 - name.Length),
        ];
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
}
