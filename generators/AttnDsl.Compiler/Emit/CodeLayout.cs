using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace AttnDsl.Compiler.Emit;

/// <summary>
/// Indents generated C# by its braces, so that templates stay readable whatever depth their text ends up at. Expects braces on lines of their own; a line that continues an
/// expression starts with <c>~</c>. Collapses blank lines.
/// </summary>
internal static class CodeLayout
{
    public static string Format(string text)
    {
        var lines = new List<string>();
        int depth = 0;
        foreach (string raw in text.Split('\n'))
        {
            string line = raw.Trim();
            if (line.StartsWith("}", System.StringComparison.Ordinal))
            {
                depth--;
                DropBlank(lines);
            }

            if (line.Length == 0)
            {
                if (lines.Count > 0 && lines[lines.Count - 1].Length > 0 && !Opens(lines[lines.Count - 1]))
                {
                    lines.Add("");
                }
            }
            else if (line[0] == '~')
            {
                lines.Add(new string(' ', 4 * (depth + 1)) + line.Substring(1).TrimStart());
            }
            else
            {
                lines.Add(new string(' ', line[0] == '#' ? 0 : 4 * depth) + line);
            }

            if (line == "{")
            {
                depth++;
            }
        }

        DropBlank(lines);
        return lines.Aggregate(new StringBuilder(), (all, line) => all.Append(line).Append('\n')).ToString();
    }

    private static bool Opens(string line) => line.TrimStart() == "{";

    private static void DropBlank(List<string> lines)
    {
        while (lines.Count > 0 && lines[lines.Count - 1].Length == 0)
        {
            lines.RemoveAt(lines.Count - 1);
        }
    }
}
