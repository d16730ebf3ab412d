using System.Collections.Generic;
using System.Linq;
using AttnDsl.Cli.Stacks;

namespace AttnDsl.Cli.Output;

/// <summary>A diagnostic in JSON.</summary>
/// <param name="Id">ATTN or CS number, or STACK.</param>
/// <param name="Severity">error, warning or info.</param>
/// <param name="Message">The compiler's words.</param>
/// <param name="Start">Offset of the text at fault in the stack; null when the whole stack is meant.</param>
/// <param name="Length">Its length; null when the whole stack is meant.</param>
/// <param name="Text">The text at fault; null when the whole stack is meant.</param>
internal sealed record DiagnosticJson(string Id, StackSeverity Severity, string Message, int? Start, int? Length, string? Text)
{
    /// <summary>All diagnostics of a stack.</summary>
    public static IReadOnlyList<DiagnosticJson> Of(StackResult result) =>
    [
        .. result.Diagnostics.Select(d => d.Start < 0
            ? new DiagnosticJson(d.Id, d.Severity, d.Message, null, null, null)
            : new DiagnosticJson(d.Id, d.Severity, d.Message, d.Start, d.Length, d.Quote(result.Text))),
    ];
}
