using System.Linq;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler;

/// <summary>Facts about the user's project that decide what is generated; reduced to values before they meet a spec.</summary>
/// <param name="Torch">The project references AttnDsl.TorchSharp, and TorchSharp with it.</param>
/// <param name="HasIlgpu">The project references ILGPU and AttnDsl.Ilgpu.</param>
/// <param name="Yardstick">Also write the reference in float, internal, for tolerance tests; it doubles the text, so only those who test kernels ask for it.</param>
public sealed record CompileOptions(bool Torch = false, bool HasIlgpu = false, bool Yardstick = false);

/// <param name="HintName">Unique file name, for example <c>My.Type.Reference.g.cs</c>.</param>
/// <param name="Text">The file, LF line ends.</param>
public sealed record GeneratedFile(string HintName, string Text);

/// <param name="Violations">Every broken rule, in a stable order.</param>
/// <param name="Files">Generated files; empty when any violation is an error.</param>
public sealed record CompileResult(EquatableArray<RuleViolation> Violations, EquatableArray<GeneratedFile> Files)
{
    public bool HasErrors => Violations.Any(v => v.Rule.Severity == RuleSeverity.Error);
}
