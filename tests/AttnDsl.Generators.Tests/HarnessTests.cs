using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using AttnDsl.Compiler;
using AttnDsl.Compiler.Spec;
using AttnDsl.Generators.Tests.Harness;
using Microsoft.CodeAnalysis;
using Xunit.Sdk;

namespace AttnDsl.Generators.Tests;

/// <summary>The harness itself must notice what it is there for.</summary>
public sealed class HarnessTests : GeneratorHarness
{
    private static readonly SourceFile Layer = """
        using AttnDsl;
        [Attention(dim: 64, heads: 4)]
        public partial class Layer;
        """;

    [Fact]
    public void The_walk_finds_a_symbol_behind_records_and_arrays()
    {
        Compilation compilation = TestCompilation.Create([Layer]);
        object hidden = (1, new List<object?> { null, new Lazy<ISymbol>(() => compilation.GlobalNamespace).Value });

        Assert.Contains("[]", ObjectGraph.FindForbidden(hidden), StringComparison.Ordinal);
        Assert.Null(ObjectGraph.FindForbidden((1, "text", ImmutableArray.Create(2.5))));
    }

    [Fact]
    public void Generated_warnings_fail()
    {
        string message = Failure("public partial class Layer { public int Undocumented; }");
        Assert.Contains("CS1591", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Generated_errors_fail_with_the_line_at_fault()
    {
        string message = Failure("public partial class Layer { private Missing _field; }");
        Assert.Contains("CS0246", message, StringComparison.Ordinal);
        Assert.Contains("private Missing _field;", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Syntax_beyond_the_language_floor_fails() =>
        Assert.Contains("CS9202", Failure("partial class Layer { private const char Escape = '\\e'; }"), StringComparison.Ordinal);

    [Fact]
    public void A_source_error_that_was_not_announced_fails() =>
        Assert.Contains("CS0246", Assert.Throws<FailException>(() => Generate("class A : Missing;")).Message, StringComparison.Ordinal);

    private static string Failure(string generated) =>
        Assert.Throws<FailException>(() => Generate(Layer, new() { Compile = (spec, _, _) => Emit(spec, generated) })).Message;

    private static CompileResult Emit(AttentionSpec spec, string text) =>
        new(default, EquatableArray.Of(new GeneratedFile($"{spec.Target.HintName}.Test.g.cs", "#nullable enable\n" + text)));
}
