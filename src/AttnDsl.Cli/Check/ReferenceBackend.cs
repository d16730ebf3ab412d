using System.Collections.Generic;
using System.Threading;
using AttnDsl.Cli.Stacks;

namespace AttnDsl.Cli.Check;

/// <summary>The generated reference: in double what all else is measured by, in float the yardstick of what float can reach.</summary>
internal sealed class ReferenceBackend : ICheckBackend
{
    /// <inheritdoc/>
    public string Name => "reference";

    /// <inheritdoc/>
    public ScalarKind DefaultDtype => ScalarKind.F64;

    /// <inheritdoc/>
    public string? WhyNot(CompiledStack stack, ScalarKind dtype) => null;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Outcome> Run(CompiledStack stack, CheckCase check, ScalarKind dtype, CancellationToken cancellationToken) =>
        dtype == ScalarKind.F32
            ? check.Run(stack.ReferenceSingle, cancellationToken)
            : check.Run(stack.Reference, cancellationToken);
}
