using System.Collections.Generic;
using System.Threading;
using AttnDsl.Cli.Stacks;

namespace AttnDsl.Cli.Check;

/// <summary>Something that can run a stack. A new backend is one more class of this kind in <see cref="CheckBackends"/>.</summary>
internal interface ICheckBackend
{
    /// <summary>Its name on the command line.</summary>
    string Name { get; }

    /// <summary>What it computes in when --dtype does not say.</summary>
    ScalarKind DefaultDtype { get; }

    /// <summary>Why it cannot run this stack in that number type on this machine; null when it can.</summary>
    string? WhyNot(CompiledStack stack, ScalarKind dtype);

    /// <summary>Runs the case: one outcome for every expected quantity.</summary>
    IReadOnlyDictionary<string, Outcome> Run(CompiledStack stack, CheckCase check, ScalarKind dtype, CancellationToken cancellationToken);
}
