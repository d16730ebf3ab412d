namespace AttnDsl.Cli.Check;

/// <summary>One line of the report, and one element of <c>rows</c> in JSON.</summary>
/// <param name="Backend">Who computed it.</param>
/// <param name="Dtype">In which number type: <c>f32</c> or <c>f64</c>.</param>
/// <param name="Quantity">What was compared.</param>
/// <param name="Against"><c>recording</c>, or <c>reference</c> for the double reference on equally rounded inputs.</param>
/// <param name="MaxAbsError">Largest absolute difference; null when there is nothing to compare or it is no number.</param>
/// <param name="Limit">Largest difference allowed; null when there is nothing to compare.</param>
/// <param name="Ok">Within the limit.</param>
/// <param name="Note">Where a miss is worst, or why there is nothing to compare.</param>
internal sealed record CheckRow(
    string Backend,
    string Dtype,
    string Quantity,
    string Against,
    double? MaxAbsError,
    double? Limit,
    bool Ok,
    string? Note);
