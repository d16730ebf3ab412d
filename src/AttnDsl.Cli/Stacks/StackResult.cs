using System;
using System.Collections.Immutable;
using System.Linq;

namespace AttnDsl.Cli.Stacks;

/// <summary>What became of a stack: its diagnostics, and the compiled layer unless one of them is an error.</summary>
/// <param name="Text">The stack as given.</param>
/// <param name="Diagnostics">Errors, warnings and infos in the order of the text.</param>
/// <param name="Compiled">The layer; null exactly when the stack was refused.</param>
internal sealed record StackResult(string Text, ImmutableArray<StackDiagnostic> Diagnostics, CompiledStack? Compiled)
{
    /// <summary>True when nothing was generated because of an error.</summary>
    public bool IsRefused => Compiled is null;

    /// <summary>The layer of an accepted stack.</summary>
    /// <exception cref="InvalidOperationException">The stack was refused; the message holds its diagnostics.</exception>
    public CompiledStack Require() => Compiled
        ?? throw new InvalidOperationException("The stack was refused:\n" + string.Join('\n', Diagnostics.Select(d => d.Format(Text))));
}
