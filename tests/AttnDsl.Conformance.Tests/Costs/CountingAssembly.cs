using System;
using System.Linq;
using System.Reflection;
using AttnDsl.Compiler.Emit;
using AttnDsl.Compiler.Emit.Reference;
using AttnDsl.Compiler.Lowering;
using AttnDsl.Conformance.Tests.Layers;

namespace AttnDsl.Conformance.Tests.Costs;

/// <summary>The stacks of the recordings, compiled once more by the real generator with counters in the reference.</summary>
internal static class CountingAssembly
{
    private static readonly Lazy<Assembly> s_assembly = new(() => CompiledLayers.Compile(
        "AttnDsl.Counting",
        [CompiledLayers.GoldenSource],
        (spec, _) => ReferenceEmitter.Emit(LayerCompiler.Lower(spec), spec.Target, ScalarType.Double, default, counting: true)));

    /// <summary>The counting twin of a class of this project.</summary>
    public static CountingLayer Of(string annotated) => new(s_assembly.Value.GetTypes().Single(type => type.DeclaringType is null && type.Name == annotated));
}
