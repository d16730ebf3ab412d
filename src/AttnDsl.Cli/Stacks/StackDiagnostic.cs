using System;
using System.Globalization;
using System.Text;

namespace AttnDsl.Cli.Stacks;

/// <summary>How bad a diagnostic is; only errors refuse a stack.</summary>
internal enum StackSeverity
{
    Info,
    Warning,
    Error,
}

/// <summary>One finding about a stack, in the compiler's own words.</summary>
/// <param name="Id">ATTN or CS number; <see cref="NotAStack"/> when the text is not a list of attributes at all.</param>
/// <param name="Severity">Whether it refuses the stack.</param>
/// <param name="Message">What the compiler prints after the id.</param>
/// <param name="Start">Offset of the text at fault inside the stack, or -1 when the whole stack is meant.</param>
/// <param name="Length">Characters at fault; 0 marks a place between two characters.</param>
internal sealed record StackDiagnostic(string Id, StackSeverity Severity, string Message, int Start = -1, int Length = 0)
{
    /// <summary>Id of the finding that the text holds something other than attributes; the compiler never sees such a text.</summary>
    public const string NotAStack = "STACK";

    /// <summary>Id of the finding that the generator wrote nothing although nobody objected: a fault of AttnDsl, not of the stack.</summary>
    public const string NothingGenerated = "GENERATOR";

    /// <summary>The text at fault, or "" when the whole stack is meant.</summary>
    public string Quote(string stack) => Start < 0 ? "" : stack.Substring(Start, Length);

    /// <summary>
    /// The compiler's line, <c>stack(line,column): error ID: message</c>, and below it the line of the stack at fault with its
    /// part underlined.
    /// </summary>
    public string Format(string stack)
    {
        StringBuilder text = new();
        string severity = Severity switch
        {
            StackSeverity.Error => "error",
            StackSeverity.Warning => "warning",
            _ => "info",
        };
        if (Start < 0)
        {
            return text.Append(CultureInfo.InvariantCulture, $"stack: {severity} {Id}: {Message}").ToString();
        }

        int lineStart = Start == 0 ? 0 : stack.LastIndexOf('\n', Start - 1) + 1;
        int lineEnd = stack.IndexOf('\n', Start);
        lineEnd = lineEnd < 0 ? stack.Length : lineEnd;
        int line = 1 + stack.AsSpan(0, lineStart).Count('\n');
        text.Append(CultureInfo.InvariantCulture, $"stack({line},{Start - lineStart + 1}): {severity} {Id}: {Message}\n");

        // A tab keeps its width under itself only as a tab, so the underline repeats the white space of the line.
        text.Append("  ").Append(stack.AsSpan(lineStart, lineEnd - lineStart).TrimEnd('\r')).Append("\n  ");
        for (int i = lineStart; i < Start; i++)
        {
            text.Append(stack[i] == '\t' ? '\t' : ' ');
        }

        return text.Append('^').Append('~', Math.Max(0, Math.Min(Length, lineEnd - Start) - 1)).ToString();
    }
}
