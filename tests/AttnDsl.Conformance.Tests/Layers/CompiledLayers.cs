using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Threading;
using AttnDsl.Compiler;
using AttnDsl.Compiler.Spec;
using AttnDsl.Generators;
using Basic.Reference.Assemblies;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AttnDsl.Conformance.Tests.Layers;

/// <summary>Annotated classes compiled by the real generator while the tests run, with another text for the reference.</summary>
internal static class CompiledLayers
{
    private static readonly Lazy<string> s_source = new(() =>
    {
        using var reader = new StreamReader(typeof(CompiledLayers).Assembly.GetManifestResourceStream("GoldenLayers.cs")!);
        return reader.ReadToEnd();
    });

    /// <summary>Writes a reference.</summary>
    /// <param name="spec">What the class says.</param>
    /// <param name="reference">What the generator wrote.</param>
    public delegate string Rewrite(AttentionSpec spec, string reference);

    /// <summary>The classes of the recordings.</summary>
    public static string GoldenSource => s_source.Value;

    /// <summary>One of the classes of the recordings, in a namespace of its own.</summary>
    public static string GoldenClass(string annotated, string space)
    {
        // The classes are set apart by empty lines.
        string declaration = GoldenSource.Split("\n\n").Single(part => part.TrimEnd().EndsWith($" class {annotated};", StringComparison.Ordinal));
        return $"namespace {space};\n\n{declaration}";
    }

    /// <summary>Compiles sources, generated code included, and loads the result.</summary>
    /// <param name="name">Of the assembly; two loaded assemblies must not answer to one.</param>
    /// <param name="sources">C# files.</param>
    /// <param name="rewrite">Gives every reference its text.</param>
    public static Assembly Compile(string name, IEnumerable<string> sources, Rewrite rewrite)
    {
        CSharpCompilation source = CSharpCompilation.Create(
            name,
            [.. sources.Select(text => CSharpSyntaxTree.ParseText(text))],
            [.. Net100.References.All, MetadataReference.CreateFromFile(typeof(AttentionAttribute).Assembly.Location)],
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        CSharpGeneratorDriver.Create(new AttentionGenerator(Step)).RunGeneratorsAndUpdateCompilation(source, out Compilation output, out _);

        using var image = new MemoryStream();
        var emitted = output.Emit(image);
        Assert.True(emitted.Success, string.Join("\n", emitted.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).Take(10)));
        return Assembly.Load(image.ToArray());

        CompileResult Step(AttentionSpec spec, CompileOptions options, CancellationToken cancellationToken)
        {
            CompileResult result = AttentionCompiler.Compile(spec, options, cancellationToken);
            GeneratedFile reference = result.Files.Single(file => file.HintName.EndsWith(".Reference.g.cs", StringComparison.Ordinal));

            // Half of the compiler's time would go into the flow analysis of references, which the project's own build of these classes does already.
            GeneratedFile rewritten = reference with { Text = rewrite(spec, reference.Text).Replace("#nullable enable\n", "#nullable enable annotations\n", StringComparison.Ordinal) };
            return result with { Files = result.Files.Select(file => file == reference ? rewritten : file).ToEquatableArray() };
        }
    }

    /// <summary>The double reference of a compiled class.</summary>
    public static ILayer<double> LayerOf(Type annotated)
    {
        Type reference = annotated.GetNestedType("Reference")!;
        Type weights = annotated.GetNestedType("Weights`1")!.MakeGenericType(typeof(double));
        bool cached = Array.Exists(reference.GetInterfaces(), type => type.GetGenericTypeDefinition() == typeof(ICachedAttentionReference<,>));
        Type layer = (cached ? typeof(CachedLayer<,,>) : typeof(Layer<,,>)).MakeGenericType(reference, weights, typeof(double));
        return (ILayer<double>)Activator.CreateInstance(layer)!;
    }
}
