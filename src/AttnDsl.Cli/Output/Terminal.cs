using System.Globalization;
using System.IO;
using AttnDsl.Cli.Stacks;
using Spectre.Console;

namespace AttnDsl.Cli.Output;

/// <summary>Text for people: colours and boxes on a terminal, plain unwrapped lines everywhere else.</summary>
internal sealed class Terminal
{
    // Wider than any table, so that redirected output never wraps.
    private const int Unwrapped = 10_000;

    private readonly IAnsiConsole _console;
    private readonly bool _isTerminal;

    /// <summary>Writes to <paramref name="writer"/>.</summary>
    public Terminal(TextWriter writer)
    {
        AnsiConsoleOutput output = new(writer);
        _isTerminal = output.IsTerminal;
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = output,
            Ansi = _isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = _isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        if (!_isTerminal)
        {
            _console.Profile.Width = Unwrapped;
        }
    }

    /// <summary>The exact number, and from a million on also in short: 12582912 (12.6 M).</summary>
    public static string Count(long value)
    {
        const string units = "MGTPE";
        string exact = value.ToString(CultureInfo.InvariantCulture);
        double shortened = value / 1e6;
        if (shortened < 1)
        {
            return exact;
        }

        int unit = 0;
        for (; shortened >= 1000 && unit < units.Length - 1; unit++)
        {
            shortened /= 1000;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{exact} ({shortened:0.0} {units[unit]})");
    }

    /// <summary>One line, as it is.</summary>
    public void Line(string text = "") => _console.WriteLine(text);

    /// <summary>One line in a colour where there are colours.</summary>
    public void Line(string text, Color colour) => _console.WriteLine(text, new Style(colour));

    /// <summary>A table with these headings; a heading that starts with &gt; is aligned to the right.</summary>
    public Table NewTable(params string[] headings)
    {
        Table table = new() { Border = _isTerminal ? TableBorder.Rounded : TableBorder.None, UseSafeBorder = true };
        foreach (string heading in headings)
        {
            bool right = heading[0] == '>';
            TableColumn column = new(new Text(right ? heading[1..] : heading)) { NoWrap = !_isTerminal, Alignment = right ? Justify.Right : Justify.Left };
            table.AddColumn(column);
        }

        return table;
    }

    /// <summary>Prints a table.</summary>
    public void Write(Table table) => _console.Write(table);

    /// <summary>Prints the diagnostics of a stack in the compiler's words.</summary>
    public void Diagnostics(StackResult result)
    {
        foreach (StackDiagnostic diagnostic in result.Diagnostics)
        {
            Color colour = diagnostic.Severity switch
            {
                StackSeverity.Error => Color.Red,
                StackSeverity.Warning => Color.Yellow,
                _ => Color.Default,
            };
            foreach (string line in diagnostic.Format(result.Text).Split('\n'))
            {
                Line(line, colour);
            }
        }
    }
}
