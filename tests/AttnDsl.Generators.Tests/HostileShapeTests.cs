using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using AttnDsl.Generators.Tests.Harness;

namespace AttnDsl.Generators.Tests;

/// <summary>Types that are hard to reopen or to name. Each goes through the real compiler and through the skeleton emitter, which puts one nested class into every annotated type.</summary>
public sealed class HostileShapeTests : GeneratorHarness
{
    [Fact]
    public void Global_namespace() => Shape("[Attention(8, 2)] public partial class Layer;", "Layer");

    [Fact]
    public void File_scoped_namespace() => Shape("namespace A.B.C; [Attention(8, 2)] internal partial class Layer;", "A.B.C.Layer");

    [Fact]
    public void Nested_in_generic_types() => Shape(
        """
        namespace A
        {
            namespace B
            {
                internal partial class Outer<T, U> where T : class, new() where U : struct
                {
                    private protected partial record struct Middle
                    {
                        internal partial interface IInner<in_>
                        {
                            [Attention(8, 2)] private partial class Layer<V> where V : unmanaged;
                        }
                    }
                }
            }
        }
        """,
        "A.B.Outer_2.Middle.IInner_1.Layer_1");

    [Fact]
    public void Nested_in_every_kind_of_type() => Shape(
        """
        public static partial class S { [Attention(8, 2)] public partial class Layer; }
        public partial record R { [Attention(8, 2)] public partial class Layer; }
        public ref partial struct Q { [Attention(8, 2)] public partial class Layer; }
        public readonly partial struct P { [Attention(8, 2)] public partial class Layer; }
        public abstract unsafe partial class U { [Attention(8, 2)] public partial class Layer; }
        """,
        ["P.Layer", "Q.Layer", "R.Layer", "S.Layer", "U.Layer"],
        ["CS0227"]);

    [Fact]
    public void Keyword_names() => Shape(
        """
        namespace @event.@namespace
        {
            public partial class @class<@int>
            {
                [Attention(8, 2)] public partial class @void<@where, @record>;
                [Attention(8, 2)] public partial class @file;
                [Attention(8, 2)] public partial class @required;
                [Attention(8, 2)] public partial class @scoped;
                [Attention(8, 2)] public partial class @await;
                [Attention(8, 2)] public partial class @_;
            }
        }
        """,
        [.. new[] { "_", "await", "file", "required", "scoped", "void_2" }.Select(name => "event.namespace.class_1." + name)]);

    [Fact]
    public void User_types_named_as_the_framework_and_as_generated_members() => Shape(
        """
        namespace System.Mine { [Attention(8, 2)] public partial class Layer; }
        namespace Mine
        {
            public class System; public class Math; public class Weights; public class Spec; public class Reference; public class AttnDsl; public class Double;
            public class GeneratedCodeAttribute; public class ReadOnlySpan<T>; public class CancellationToken; public class TokenRows;
            [Attention(8, 2)] public partial class Layer
            {
                public class System; public class Math; public class AttnDsl; public class Int32; public class Global;
            }
        }
        """,
        ["Mine.Layer", "System.Mine.Layer"]);

    [Fact]
    public void Type_parameters_named_as_generated_ones() => Shape(
        """
        public partial class Outer<TWeights, TScalar>
        {
            [Attention(8, 2)] public partial class Layer<T>;
        }
        """,
        "Outer_2.Layer_1");

    [Fact]
    public void Non_ASCII_names() => Shape("namespace Aufmerksamkeit.Größe; [Attention(8, 2)] public partial class 注意力<Ж>;", "Aufmerksamkeit.Größe.注意力_1");

    [Fact]
    public void Identifiers_written_with_escapes() => Shape("""[Attention(8, 2)] public partial class \u0041bc;""", "Abc");

    [Fact]
    public void Same_name_with_and_without_type_parameters() => Shape(
        """
        [Attention(8, 2)] public partial class Layer;
        [Attention(8, 2)] public partial class Layer<T>;
        [Attention(8, 2)] public partial class Layer<T, U>;
        """,
        ["Layer", "Layer_1", "Layer_2"]);

    [Fact]
    public void Names_that_differ_only_in_case_or_in_what_stands_for_arity()
    {
        SourceFile source = Source("""
            [Attention(8, 2)] public partial class Layer;
            [Attention(8, 2)] public partial class layer;
            [Attention(8, 2)] public partial class LAYER;
            [Attention(8, 2)] public partial class Other<T>;
            [Attention(8, 2)] public partial class Other_1;
            [Attention(8, 2)] public partial class Alone;
            namespace Lower { [Attention(8, 2)] public partial class A; }
            namespace lower { [Attention(8, 2)] public partial class A; }
            """);
        GenerationRun run = Generate(source, new() { Compile = SkeletonEmitter.Compile });

        Assert.Equal(8, run.Files.Select(file => file.Hint).Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.Contains("Alone.Skeleton.g.cs", run.Files.Select(file => file.Hint));
        Assert.Equal(7, run.Files.Count(file => file.Hint.Contains('-', StringComparison.Ordinal)));
        Generate(source);
    }

    [Fact]
    public void Very_long_names()
    {
        string name = new('x', 240);
        SourceFile source = Source($"namespace {name}.{name}; [Attention(8, 2)] public partial class {name}1; [Attention(8, 2)] public partial class {name}2;");
        GenerationRun run = Generate(source, new() { Compile = SkeletonEmitter.Compile });

        Assert.Equal(2, run.Files.Count);
        Assert.All(run.Files, file => Assert.InRange(file.Hint.Length, 1, 200));
        Generate(source);
    }

    [Fact]
    public void Two_parts_with_attributes_on_both_in_both_orders()
    {
        SourceFile one = new("/project/One.cs", "using AttnDsl; [Attention(8, 2)] [Causal] public partial class Layer;");
        SourceFile two = new("/project/Two.cs", "using AttnDsl; [Rope] [QkNorm] partial class Layer;");
        HarnessOptions options = new() { Compile = SkeletonEmitter.Compile };

        GenerationRun run = Generate([one, two], options);

        Assert.Contains("\"Attention Causal Rope QkNorm\"", run["Layer.Skeleton.g.cs"], StringComparison.Ordinal);
        Assert.Equal(run.Files, Generate([two, one], options).Files);
        Assert.Equal(Generate([one, two]).Files, Generate([two, one]).Files);
    }

    [Fact]
    public void The_trigger_on_two_parts_generates_once()
    {
        SourceFile one = new("/project/One.cs", "using AttnDsl; [Attention(8, 2)] public partial class Layer;");
        SourceFile two = new("/project/Two.cs", "using AttnDsl; [Attention(16, 2)] [Causal] partial class Layer;");

        GenerationRun run = Generate([two, one], new() { Compile = SkeletonEmitter.Compile, SourceErrors = ["CS0579"] });

        Assert.Contains("\"Attention Attention Causal\"", Assert.Single(run.Files).Text, StringComparison.Ordinal);
        Assert.Empty(Generate([two, one], new() { SourceErrors = ["CS0579"] }).Files);
    }

    [Fact]
    public void The_trigger_twice_on_one_part_generates_once()
    {
        SourceFile source = Source("[Attention(8, 2), Attention(8, 2)] [Attention(8, 2)] public partial class Layer;");

        Assert.Single(Generate(source, new() { Compile = SkeletonEmitter.Compile, SourceErrors = ["CS0579", "CS0579"] }).Files);
        Assert.Empty(Generate(source, new() { SourceErrors = ["CS0579", "CS0579"] }).Files);
    }

    [Theory]
    [InlineData("[Attention] public partial class Layer;", "CS1729")]
    [InlineData("[Attention(8)] public partial class Layer;", "CS1729")]
    [InlineData("[Attention(3_000_000_000, 2)] public partial class Layer;", "CS1503")]
    [InlineData("[Attention(8, 2, Nothing = 1)] public partial class Layer;", "CS0246")]
    [InlineData("[Attention(8, 2)] [GroupedQuery(kv: )] public partial class Layer;", "CS1525")]
    [InlineData("[Attention(8, 2)] [Missing] public partial class Layer;", "CS0246,CS0246")]
    [InlineData("[Attention(8, 2)] public class Layer;", "")]
    [InlineData("[Attention(8, 2)] public static partial class Layer;", "")]
    [InlineData("[Attention(8, 2)] public abstract partial class Layer;", "")]
    [InlineData("[Attention(8, 2)] public partial record Layer;", "")]
    [InlineData("[Attention(8, 2)] public partial struct Layer;", "")]
    [InlineData("[Attention(8, 2)] public partial interface Layer;", "")]
    [InlineData("[Attention(8, 2)] file partial class Layer;", "")]
    [InlineData("[Attention(8, 2)] public partial class Layer { public class Weights; }", "")]
    [InlineData("public class Outer { [Attention(8, 2)] public partial class Layer; }", "")]
    [InlineData("[Attention(8, 2)] public enum Layer { A }", "CS0592")]
    [InlineData("[Attention(8, 2)] public delegate void Layer();", "CS0592")]
    [InlineData("[Attention(0, 0)] public partial class Layer;", "")]
    [InlineData("[Attention(8, 2)] public partial class ;", "CS1001")]
    [InlineData("[Attention(8, 2)] public partial class Layer { public int X = \"\"; }", "CS0029")]
    public void A_source_with_mistakes_never_makes_the_generator_throw(string source, string errors)
    {
        ImmutableArray<string> ids = errors.Length == 0 ? [] : [.. errors.Split(',')];
        Generate(Source(source), new() { SourceErrors = ids });
        Generate(Source(source), new() { SourceErrors = ids, Compile = (_, _, _) => new(default, default) });
    }

    private static void Shape(string source, string stem, ImmutableArray<string> errors = default) => Shape(source, [stem], errors);

    private static void Shape(string source, IReadOnlyList<string> stems, ImmutableArray<string> errors = default)
    {
        ImmutableArray<string> sourceErrors = errors.IsDefault ? [] : errors;
        GenerationRun run = Generate(Source(source), new() { Compile = SkeletonEmitter.Compile, SourceErrors = sourceErrors });
        Assert.Equal(stems.Select(stem => stem + ".Skeleton.g.cs"), run.Files.Select(file => file.Hint));
        Generate(Source(source), new() { SourceErrors = sourceErrors });
        Generate(Source(source), new() { SourceErrors = sourceErrors, References = TestCompilation.TorchReferences });
    }

    private static SourceFile Source(string source) => source.Contains("namespace", StringComparison.Ordinal) && source.Contains(';', StringComparison.Ordinal)
        ? "global using AttnDsl;\n" + source
        : "using AttnDsl;\n" + source;
}
