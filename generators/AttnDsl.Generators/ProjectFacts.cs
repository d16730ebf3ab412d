using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace AttnDsl.Generators;

/// <summary>What the user's project references, reduced to values before it meets a spec.</summary>
internal static class ProjectFacts
{
    /// <summary>A backend is on when the project has both its runtime package and the library that this package builds upon.</summary>
    public static CompileOptions Of(Compilation compilation)
    {
        var references = new HashSet<string>(compilation.ReferencedAssemblyNames.Select(assembly => assembly.Name));
        return new CompileOptions(
            Torch: HasTorch(compilation),
            HasIlgpu: references.Contains("ILGPU") && references.Contains("AttnDsl.Ilgpu"));
    }

    /// <summary>The base class of generated modules is there, and its own base class as well: a reference may have come without TorchSharp.</summary>
    private static bool HasTorch(Compilation compilation) =>
        compilation.GetTypesByMetadataName("AttnDsl.Torch.AttentionModule").Any(type => type.BaseType is { TypeKind: not TypeKind.Error });

    /// <summary>The build property <c>AttnDslYardstick</c>: also write the reference in float.</summary>
    public static CompileOptions Of(AnalyzerConfigOptionsProvider options) =>
        new(Yardstick: options.GlobalOptions.TryGetValue("build_property.AttnDslYardstick", out string? value) && bool.TryParse(value, out bool wants) && wants);
}
