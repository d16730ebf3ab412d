namespace AttnDsl.Cli.Describe;

/// <summary>What was asked for on the command line.</summary>
/// <param name="Stack">The stack.</param>
/// <param name="Tokens">Tokens of the prefill whose FLOPs are shown.</param>
/// <param name="Context">Tokens that the decoded one sees, itself included.</param>
/// <param name="Json">Print JSON.</param>
internal sealed record DescribeOptions(string Stack, long Tokens, long Context, bool Json);
