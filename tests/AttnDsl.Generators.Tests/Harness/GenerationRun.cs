using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AttnDsl.Generators.Tests.Harness;

/// <summary>A generator run that passed every check of the harness.</summary>
/// <param name="Files">What was generated, by hint name in ordinal order.</param>
/// <param name="Diagnostics">What the generator itself reported.</param>
/// <param name="Output">The user's source together with the generated files.</param>
internal sealed record GenerationRun(IReadOnlyList<GeneratedText> Files, ImmutableArray<Diagnostic> Diagnostics, CSharpCompilation Output)
{
    /// <summary>The one generated file of that hint name.</summary>
    public string this[string hint] =>
        Files.SingleOrDefault(file => file.Hint == hint)?.Text
        ?? throw new ArgumentException($"No file '{hint}'; there are: {string.Join(", ", Files.Select(file => file.Hint))}.", nameof(hint));

    /// <summary>Loads the compiled project into the test process.</summary>
    public Assembly Load()
    {
        using var image = new MemoryStream();
        Assert.True(Output.Emit(image).Success);
        return Assembly.Load(image.ToArray());
    }
}

/// <param name="Hint">File name, for example <c>My.Type.Spec.g.cs</c>.</param>
/// <param name="Text">Contents.</param>
internal sealed record GeneratedText(string Hint, string Text);
