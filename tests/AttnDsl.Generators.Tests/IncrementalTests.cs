using System;
using AttnDsl.Generators.Tests.Harness;

namespace AttnDsl.Generators.Tests;

/// <summary>One test per kind of edit: why each step of the pipeline ran. Only an edit that changes what was said may reach the output step as anything but Cached.</summary>
public sealed class IncrementalTests
{
    // Symbols may have changed after any edit, so Specs and Options run; Unchanged means that their values are equal and everything behind them rests.
    private const string NothingToDo = "Specs=Unchanged SharedHints=Cached Options=Unchanged Inputs=Cached Results=Cached Output=Cached";

    private static readonly SourceFile Layer = new("/project/Layer.cs", """
        using AttnDsl;
        [Attention(dim: 64, heads: 4)]
        [Causal]
        public partial class Layer
        {
            public int Answer() => 42;
        }
        """);

    private static readonly SourceFile Other = new("/project/Other.cs", "public class Other { public int A; }");

    [Fact]
    public void First_run() => Assert.Equal(
        "Specs=New SharedHints=New Options=New Inputs=New Results=New Output=New",
        Session().First);

    [Fact]
    public void Comment_inside_the_body() =>
        Assert.Equal(NothingToDo, Session().Edit(Layer with { Text = Layer.Text.Replace("42;", "42; // no more, no less", StringComparison.Ordinal) }));

    [Fact]
    public void Lines_before_the_type() => Assert.Equal(NothingToDo, Session().Edit(Layer with { Text = "\n\n// A layer.\n" + Layer.Text }));

    [Fact]
    public void Method_body() =>
        Assert.Equal(NothingToDo, Session().Edit(Layer with { Text = Layer.Text.Replace("42", "43", StringComparison.Ordinal) }));

    [Fact]
    public void Unrelated_type_added() => Assert.Equal(NothingToDo, Session().Add(new("/project/New.cs", "public class New;")));

    [Fact]
    public void Unrelated_file_edited() => Assert.Equal(NothingToDo, Session().Edit(Other with { Text = "public class Other { public int B; }" }));

    [Fact]
    public void Same_value_written_differently() =>
        Assert.Equal(NothingToDo, Session().Edit(Layer with { Text = Layer.Text.Replace("dim: 64", "dim: 8 * 8", StringComparison.Ordinal) }));

    [Fact]
    public void Attribute_value_changed() => Assert.Equal(
        "Specs=Modified SharedHints=Unchanged Options=Unchanged Inputs=Modified Results=Unchanged Output=Cached",
        Session().Edit(Layer with { Text = Layer.Text.Replace("dim: 64", "dim: 128", StringComparison.Ordinal) }));

    [Fact]
    public void Attribute_added() => Assert.Equal(
        "Specs=Modified SharedHints=Unchanged Options=Unchanged Inputs=Modified Results=Modified Output=Modified",
        Session().Edit(Layer with { Text = Layer.Text.Replace("[Causal]", "[Causal, Rope]", StringComparison.Ordinal) }));

    [Fact]
    public void Member_added() => Assert.Equal(
        "Specs=Modified SharedHints=Unchanged Options=Unchanged Inputs=Modified Results=Unchanged Output=Cached",
        Session().Edit(Layer with { Text = Layer.Text.Replace("Answer", "Question", StringComparison.Ordinal) }));

    [Fact]
    public void Rename() => Assert.Equal(
        "Specs=Modified SharedHints=Unchanged Options=Unchanged Inputs=Modified Results=Modified Output=Modified",
        Session().Edit(Layer with { Text = Layer.Text.Replace("class Layer", "class Renamed", StringComparison.Ordinal) }));

    [Fact]
    public void Second_annotated_class_added() => Assert.Equal(
        "Specs=New,Unchanged SharedHints=Unchanged Options=Unchanged Inputs=Cached,New Results=Cached,New Output=Cached,New",
        Session().Add(new("/project/Second.cs", "[AttnDsl.Attention(8, 2)] public partial class Second;")));

    [Fact]
    public void Second_annotated_class_of_the_same_name_in_other_case_added() => Assert.Equal(
        "Specs=New,Unchanged SharedHints=Modified Options=Unchanged Inputs=Modified,New Results=Modified,New Output=Modified,New",
        Session().Add(new("/project/Second.cs", "[AttnDsl.Attention(8, 2)] public partial class layer;")));

    [Fact]
    public void Annotated_class_removed() => Assert.Equal(
        "Specs=Removed SharedHints=Unchanged Options=Unchanged Inputs=Removed Results=Removed Output=Removed",
        Session().Remove(Layer.Path));

    [Fact]
    public void Parts_reordered()
    {
        SourceFile part = new("/project/Part.cs", "[AttnDsl.Rope] public partial class Layer;");
        Assert.Equal(NothingToDo, new IncrementalSession([Layer, part], SkeletonEmitter.Compile).Reverse());
    }

    [Fact]
    public void Attribute_on_another_part_changed()
    {
        SourceFile part = new("/project/Part.cs", "[AttnDsl.Rope] public partial class Layer;");
        Assert.Equal(
            "Specs=Modified SharedHints=Unchanged Options=Unchanged Inputs=Modified Results=Modified Output=Modified",
            new IncrementalSession([Layer, part], SkeletonEmitter.Compile).Edit(part with { Text = "[AttnDsl.Alibi] public partial class Layer;" }));
    }

    [Fact]
    public void Unrelated_reference_added() => Assert.Equal(NothingToDo, Session().Reference(TestCompilation.EmptyAssembly("Unrelated")));

    [Fact]
    public void Reference_that_switches_a_backend_on() => Assert.Equal(
        "Specs=Unchanged SharedHints=Cached Options=Modified Inputs=Modified Results=Modified Output=Modified",
        Session().Reference(TestCompilation.EmptyAssembly("TorchSharp"), TestCompilation.EmptyAssembly("AttnDsl.TorchSharp")));

    [Fact]
    public void One_of_the_two_references_of_a_backend_is_not_enough() =>
        Assert.Equal(NothingToDo, Session().Reference(TestCompilation.EmptyAssembly("ILGPU")));

    private static IncrementalSession Session() => new([Layer, Other], SkeletonEmitter.Compile);
}
