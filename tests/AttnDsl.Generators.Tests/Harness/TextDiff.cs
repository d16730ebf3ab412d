using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using DiffPlex.DiffBuilder;
using DiffPlex.DiffBuilder.Model;

namespace AttnDsl.Generators.Tests.Harness;

/// <summary>The changed lines of two texts with a little context, for failure messages.</summary>
internal static class TextDiff
{
    private const int Context = 2;
    private const int LongestMessage = 80;

    public static string Describe(string expected, string actual)
    {
        List<DiffPiece> lines = InlineDiffBuilder.Diff(expected, actual, ignoreWhiteSpace: false).Lines;
        var shown = new HashSet<int>();
        for (int i = 0; i < lines.Count; i++)
        {
            if (lines[i].Type != ChangeType.Unchanged)
            {
                shown.UnionWith(Enumerable.Range(i - Context, (2 * Context) + 1));
            }
        }

        var text = new StringBuilder();
        int last = -1;
        foreach (int i in shown.Where(i => i >= 0 && i < lines.Count).Order().Take(LongestMessage))
        {
            if (i != last + 1)
            {
                text.Append("  ...\n");
            }

            last = i;
            char mark = lines[i].Type switch
            {
                ChangeType.Inserted => '+',
                ChangeType.Deleted => '-',
                _ => ' ',
            };
            text.Append(mark).Append(' ').Append(lines[i].Text).Append('\n');
        }

        return shown.Count > LongestMessage
            ? text.Append(string.Create(CultureInfo.InvariantCulture, $"  ... {shown.Count} lines in all\n")).ToString()
            : text.Length == 0 ? "only in line ends at the end of the file" : text.ToString();
    }
}
