using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace AttnDsl.Cli.Check;

/// <summary>The lines of a map file: <c>name-in-file = weight-name</c>.</summary>
/// <param name="Lines">Every line in order; one file may serve several stacks, so names may repeat.</param>
internal sealed record WeightMap(IReadOnlyList<(string InFile, string Weight)> Lines)
{
    /// <summary>No lines: names stand for themselves.</summary>
    public static WeightMap Empty { get; } = new([]);

    /// <summary>Reads a map file.</summary>
    /// <exception cref="UnusableInputException">The file cannot be read, or a line is no mapping; the message names the line.</exception>
    public static WeightMap Read(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new UnusableInputException($"--map: cannot read '{path}': {e.Message}", e);
        }

        return Parse(lines, path);
    }

    /// <summary>Reads the lines of a map; empty ones and what follows a # that starts a word are comments.</summary>
    public static WeightMap Parse(IEnumerable<string> lines, string path)
    {
        List<(string, string)> pairs = [];
        int number = 0;
        foreach (string raw in lines)
        {
            number++;
            string line = WithoutComment(raw).Trim();
            if (line.Length == 0)
            {
                continue;
            }

            string[] sides = line.Split('=');
            if (sides.Length != 2 || sides[0].Trim().Length == 0 || sides[1].Trim().Length == 0)
            {
                throw new UnusableInputException(
                    string.Create(CultureInfo.InvariantCulture, $"--map: line {number} of '{path}': expected 'name-in-file = weight-name', got '{raw.Trim()}'"));
            }

            pairs.Add((sides[0].Trim(), sides[1].Trim()));
        }

        return new WeightMap(pairs);
    }

    /// <summary>
    /// Tensors of the file that are given as <paramref name="weight"/>: those a line names, and the one that bears the weight's name
    /// unless a line gives it away to another weight of the stack.
    /// </summary>
    public IReadOnlyList<string> Candidates(string weight, Func<string, bool> isInFile, Func<string, bool> isInStack) =>
    [
        .. Lines.Where(l => l.Weight == weight).Select(l => l.InFile)
            .Append(Lines.Any(l => l.InFile == weight && l.Weight != weight && isInStack(l.Weight)) ? "" : weight)
            .Where(name => name.Length > 0 && isInFile(name))
            .Distinct(StringComparer.Ordinal),
    ];

    private static string WithoutComment(string line)
    {
        for (int i = 0; i < line.Length; i++)
        {
            if (line[i] == '#' && (i == 0 || char.IsWhiteSpace(line[i - 1])))
            {
                return line[..i];
            }
        }

        return line;
    }
}
