using System;
using System.Linq;
using AttnDsl.Compiler.Spec;
using AttnDsl.Generators.Reading;
using AttnDsl.Generators.Tests.Harness;
using Microsoft.CodeAnalysis.CSharp;

namespace AttnDsl.Generators.Tests;

/// <summary>What the reader says about the annotated type itself.</summary>
public sealed class TargetReaderTests
{
    [Theory]
    [InlineData("public partial class A;", "A", "public partial class A")]
    [InlineData("sealed class A;", "A", "internal class A")]
    [InlineData("public static partial class A;", "A", "public static partial class A")]
    [InlineData("internal abstract partial class A;", "A", "internal abstract partial class A")]
    [InlineData("public partial record A;", "A", "public partial record A")]
    [InlineData("public partial record class A;", "A", "public partial record A")]
    [InlineData("public readonly partial record struct A;", "A", "public partial record struct A")]
    [InlineData("partial struct A;", "A", "internal partial struct A")]
    [InlineData("partial interface A;", "A", "internal partial interface A")]
    [InlineData("public partial class A<@class, T>;", "A`2", "public partial class A<@class, T>")]
    [InlineData("partial class @event;", "event", "internal partial class @event")]
    [InlineData("partial class @file;", "file", "internal partial class @file")]
    [InlineData("partial class lower<t>;", "lower`1", "internal partial class @lower<@t>")]
    [InlineData("partial class Größe;", "Größe", "internal partial class Größe")]
    public void Header(string source, string type, string expected) => Assert.Equal(expected, SpecText.Header(SpecText.Read(type, source).Target.Self));

    [Fact]
    public void Every_part_must_be_partial()
    {
        AttentionSpec spec = SpecText.Read("A", "partial class A; class A;");
        Assert.False(spec.Target.Self.IsPartial);
    }

    [Fact]
    public void Modifiers_of_any_part_count()
    {
        AttentionSpec spec = SpecText.Read("A", "partial class A; abstract partial class A;");
        Assert.True(spec.Target.Self.IsAbstract);
    }

    [Fact]
    public void Containing_types_come_outermost_first()
    {
        const string Source = """
            namespace My.@namespace.record;
            public partial class Outer<T> where T : struct
            {
                protected internal partial interface IMiddle
                {
                    private protected partial record struct Inner<U>
                    {
                        private class Layer;
                    }
                }
            }
            """;
        TargetType target = SpecText.Read("My.namespace.record.Outer`1+IMiddle+Inner`1+Layer", Source).Target;

        Assert.Equal("My.@namespace.@record", target.Namespace);
        Assert.Equal(
            ["public partial class Outer<T>", "protected internal partial interface IMiddle", "private protected partial record struct Inner<U>"],
            target.Containing.Select(SpecText.Header));
        Assert.Equal("private class Layer", SpecText.Header(target.Self));
        Assert.Equal("My.namespace.record.Outer_1.IMiddle.Inner_1.Layer", target.HintName);
    }

    [Fact]
    public void A_file_local_type_is_known_as_such()
    {
        var compilation = TestCompilation.Create(["file partial class A;"]);
        TargetType target = SpecReader.Read(compilation.GlobalNamespace.GetTypeMembers("A").Single()).Target;

        Assert.True(target.IsFileLocal);
        Assert.Equal("A", target.Self.Name);
    }

    [Fact]
    public void Declared_members_are_the_users_own()
    {
        const string Source = """
            public partial class Base { public int Inherited; }
            public partial class A(int captured) : Base, System.IDisposable
            {
                private int _field;
                public int Property { get; set; }
                public event System.Action Event { add { } remove { } }
                public static A operator +(A left, A right) => left;
                public int this[int index] => captured;
                void System.IDisposable.Dispose() { }
                ~A() { }
                public class Weights<T>;
            }
            partial class A { void Method() { } void Method(int x) { } enum Spec { } }
            """;
        Assert.Equal(["Event", "Method", "Property", "Spec", "Weights", "_field"], SpecText.Read("A", Source).Target.DeclaredMembers);
    }

    [Fact]
    public void Parts_that_the_generator_added_are_not_the_users()
    {
        SourceFile user = "[AttnDsl.Attention(8, 2)] public partial class A { int Mine; }";
        SourceFile generated = new("obj/generated/AttnDsl.Generators/AttnDsl.Generators.AttentionGenerator/A.Spec.g.cs", "partial class A { class Spec; }");
        SourceFile near = new("/src/AttnDsl.Generators.AttentionGeneratorTests/Hand.cs", "partial class A { class ByHand; }");

        Assert.Equal(["ByHand", "Mine"], SpecText.Read("A", user, generated, near).Target.DeclaredMembers);
    }

    [Theory]
    [InlineData(LanguageVersion.CSharp12, 1200)]
    [InlineData(LanguageVersion.CSharp7_3, 730)]
    [InlineData(LanguageVersion.CSharp7, 700)]
    [InlineData(LanguageVersion.CSharp5, 500)]
    public void Language_version(LanguageVersion version, int expected)
    {
        var tree = CSharpSyntaxTree.ParseText("class A { }", new CSharpParseOptions(version));
        var compilation = CSharpCompilation.Create("user", [tree], TestCompilation.References);
        Assert.Equal(expected, SpecReader.Read(compilation.GetTypeByMetadataName("A")!).Target.LanguageVersion);
    }

    [Fact]
    public void The_default_language_version_is_a_number_too()
    {
        var tree = CSharpSyntaxTree.ParseText("class A { }", new CSharpParseOptions(LanguageVersion.Default));
        var compilation = CSharpCompilation.Create("user", [tree], TestCompilation.References);
        Assert.InRange(SpecReader.Read(compilation.GetTypeByMetadataName("A")!).Target.LanguageVersion, 1400, 2000);
    }

    [Theory]
    [InlineData('a')]
    [InlineData('漢')]
    public void A_long_hint_name_is_cut_and_stays_unique(char letter)
    {
        string name = new(letter, 400);
        string one = SpecText.Read(name + "1", $"partial class {name}1;").Target.HintName;
        string two = SpecText.Read(name + "2", $"partial class {name}2;").Target.HintName;

        Assert.NotEqual(one, two);
        Assert.StartsWith(new string(letter, 20), one, StringComparison.Ordinal);
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(one), 100, 180);
        Assert.Equal(one, SpecText.Read(name + "1", $"partial class {name}1;").Target.HintName);
    }

    [Fact]
    public void A_hashed_hint_name_is_the_same_on_every_machine()
    {
        string name = new('a', 200);
        Assert.Equal(new string('a', 160) + "-96245ce14f7a5b0d", SpecText.Read(name, $"partial class {name};").Target.HintName);
    }
}
