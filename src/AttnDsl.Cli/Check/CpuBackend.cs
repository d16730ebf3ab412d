using System.Collections.Generic;
using System.Threading;
using AttnDsl.Cli.Stacks;

namespace AttnDsl.Cli.Check;

/// <summary>The generated CPU backend, in float.</summary>
/// <param name="threads">Threads of every call; 0 for one per processor.</param>
internal sealed class CpuBackend(int threads) : ICheckBackend
{
    /// <inheritdoc/>
    public string Name => "cpu";

    /// <inheritdoc/>
    public ScalarKind DefaultDtype => ScalarKind.F32;

    /// <inheritdoc/>
    public string? WhyNot(CompiledStack stack, ScalarKind dtype) =>
        dtype == ScalarKind.F32 ? null : $"the backend cpu has no such precision, it computes in {ScalarKind.F32.Name()}, not in {dtype.Name()}";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Outcome> Run(CompiledStack stack, CheckCase check, ScalarKind dtype, CancellationToken cancellationToken) =>
        check.Run(stack.CpuOn(threads), cancellationToken);
}
