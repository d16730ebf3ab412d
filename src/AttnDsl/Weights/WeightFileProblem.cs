namespace AttnDsl;

/// <summary>One way in which a weight file does not fit a layer.</summary>
/// <param name="Kind">In what way.</param>
/// <param name="Name">The weight, or for <see cref="WeightProblemKind.Extra"/> the tensor as the file spells it, or for <see cref="WeightProblemKind.Layout"/> the metadata key.</param>
/// <param name="Message">The problem in words, with what was expected and what is there.</param>
public sealed record WeightFileProblem(WeightProblemKind Kind, string Name, string Message);
