using System.Collections.Generic;
using AttnDsl.Cli.Stacks;

namespace AttnDsl.Cli.Output;

/// <summary>What every verb prints as JSON for a refused stack.</summary>
/// <param name="Stack">The stack as given.</param>
/// <param name="Accepted">Always false.</param>
/// <param name="Diagnostics">Why; errors among warnings and infos.</param>
internal sealed record RefusalJson(string Stack, bool Accepted, IReadOnlyList<DiagnosticJson> Diagnostics)
{
    /// <summary>The refusal of <paramref name="result"/>.</summary>
    public static RefusalJson Of(StackResult result) => new(result.Text, false, DiagnosticJson.Of(result));
}
