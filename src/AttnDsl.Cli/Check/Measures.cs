using System.Collections.Generic;
using System.Threading;
using AttnDsl.Cli.Stacks;

namespace AttnDsl.Cli.Check;

/// <summary>What backends of one number type are measured by, each run at most once however many backends there are.</summary>
/// <param name="reference">Runs them.</param>
/// <param name="stack">The layer.</param>
/// <param name="check">The case with inputs as the number type sees them.</param>
/// <param name="dtype">The number type.</param>
internal sealed class Measures(ReferenceBackend reference, CompiledStack stack, CheckCase check, ScalarKind dtype)
{
    private IReadOnlyDictionary<string, Outcome>? _exact;
    private IReadOnlyDictionary<string, Outcome>? _yardstick;

    /// <summary>The case with inputs as the number type sees them.</summary>
    public CheckCase Case => check;

    /// <summary>What the double reference makes of a quantity.</summary>
    public Outcome Exact(string quantity, CancellationToken cancellationToken) =>
        (_exact ??= reference.Run(stack, check, ScalarKind.F64, cancellationToken))[quantity];

    /// <summary>How far a backend other than the reference may be from <see cref="Exact"/>.</summary>
    public double LimitOfBackend(string quantity, double[] exact, CancellationToken cancellationToken)
    {
        _yardstick ??= reference.RunYardstick(stack, check, dtype, cancellationToken);
        double error = _yardstick[quantity].Values is { } values ? Comparison.Of(values, exact).MaxAbsError : 0;
        return Limits.AgainstYardstick(dtype, quantity, error, exact, stack.RoundsCache);
    }
}
