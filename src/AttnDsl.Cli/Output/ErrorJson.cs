namespace AttnDsl.Cli.Output;

/// <summary>What every verb prints as JSON when it cannot use its input, beside the message on standard error.</summary>
/// <param name="Error">The message.</param>
internal sealed record ErrorJson(string Error);
