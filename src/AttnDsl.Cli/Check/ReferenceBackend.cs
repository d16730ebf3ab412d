using System.Collections.Generic;
using System.Threading;
using AttnDsl.Cli.Layers;
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

    /// <summary>The naive formulas in a backend's number type over a backend's storage: how far off a good backend may be.</summary>
    public IReadOnlyDictionary<string, Outcome> RunYardstick(CompiledStack stack, CheckCase check, ScalarKind dtype, CancellationToken cancellationToken) =>
        dtype == ScalarKind.F32 && stack.RoundsCache && stack.ReferenceSingle is ICachedLayer<float> cached
            ? check.Run(new StoredLayer(cached, stream => (stream == 0 ? stack.KeyElement : stack.ValueElement) == CacheElement.BFloat16), cancellationToken)
            : Run(stack, check, dtype, cancellationToken);
}
