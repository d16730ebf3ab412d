namespace AttnDsl.Cli.Check;

/// <summary>What a backend made of one quantity: its numbers, or the reason there are none.</summary>
/// <param name="Values">Row-major numbers, widened to double.</param>
/// <param name="Reason">Why the backend cannot do it; null when it did.</param>
internal sealed record Outcome(double[]? Values, string? Reason)
{
    /// <summary>The quantity was computed.</summary>
    public static Outcome Of(double[] values) => new(values, null);

    /// <summary>The quantity cannot be computed.</summary>
    public static Outcome Cannot(string reason) => new(null, reason);
}
