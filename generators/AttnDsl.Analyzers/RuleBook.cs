using System.Collections.Generic;
using System.Collections.Immutable;
using System.Threading;
using AttnDsl.Compiler;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Analyzers;

/// <summary>The rules as the analyzer needs them: what can be reported, and the check itself.</summary>
internal abstract class RuleBook
{
    public abstract ImmutableArray<RuleDescriptor> Rules { get; }

    public abstract IEnumerable<RuleViolation> Check(AttentionSpec spec, CompileOptions options, CancellationToken cancellationToken);
}

/// <summary>The compiler's own rules, the ones the generator obeys.</summary>
internal sealed class CompilerRules : RuleBook
{
    public override ImmutableArray<RuleDescriptor> Rules { get; } = RuleTable.All.ToImmutableArray();

    public override IEnumerable<RuleViolation> Check(AttentionSpec spec, CompileOptions options, CancellationToken cancellationToken) =>
        AttentionCompiler.Check(spec, options);
}
