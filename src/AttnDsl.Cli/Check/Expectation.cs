namespace AttnDsl.Cli.Check;

/// <summary>One quantity to compare, with what was recorded for it.</summary>
/// <param name="Quantity"><c>out</c>, <c>decode</c>, <c>next</c> or <c>grad.</c> and a name of the file.</param>
/// <param name="Recorded">The recording.</param>
/// <param name="Terms">Length of the longest sum behind one element; rounding errors grow with its root.</param>
internal sealed record Expectation(string Quantity, Tensor Recorded, long Terms);
