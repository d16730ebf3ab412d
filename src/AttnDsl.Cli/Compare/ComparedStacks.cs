using System.Collections.Generic;

namespace AttnDsl.Cli.Compare;

/// <summary>What was asked for on the command line.</summary>
/// <param name="Stacks">The stacks, two at least; the others are measured by the first.</param>
/// <param name="Tokens">Tokens of the prefill whose FLOPs are shown.</param>
/// <param name="Context">Tokens that the decoded one sees, itself included.</param>
/// <param name="Json">Print JSON.</param>
internal sealed record ComparedStacks(IReadOnlyList<string> Stacks, long Tokens, long Context, bool Json);
