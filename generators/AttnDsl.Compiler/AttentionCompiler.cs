using System.Threading;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler;

/// <summary>The whole compiler behind one call: spec in, violations and source text out.</summary>
public static class AttentionCompiler
{
    public static CompileResult Compile(AttentionSpec spec, CompileOptions options, CancellationToken cancellationToken = default)
    {
        return new CompileResult(default, default);
    }
}
